//! The faults: what AWS does in each, and the targets that each can be limited to.

use std::fmt;
use std::time::Duration;

/// Something that AWS does now and then, and that a function must handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A put is refused with `ProvisionedThroughputExceededException` (docs/aws-behaviour.md#kinesis-limits,
    /// #template-kinesis).
    PutThrottled,
    /// A record enters the stream after the next one of its partition key (docs/aws-behaviour.md#kinesis-order).
    PutSwapped,
    /// A batch that was handled is delivered again (docs/aws-behaviour.md#lambda-batches).
    BatchTwice,
    /// An invocation is refused because no concurrency is left (docs/aws-behaviour.md#lambda-batches).
    FunctionThrottled,
    /// `@connections` answers 429 (docs/aws-behaviour.md#apigateway-connections).
    Connections429,
    /// `@connections` answers 410 for a connected client (docs/aws-behaviour.md#apigateway-connections).
    Connections410,
    /// `@connections` answers 500 (docs/aws-behaviour.md#apigateway-connections).
    Connections500,
    /// A shard's records become visible late (docs/aws-behaviour.md#kinesis-fan-out).
    ShardSlow,
    /// LATEST begins some time after the mapping was created (docs/aws-behaviour.md#lambda-mappings).
    LatestGap,
    /// A call to DynamoDB is refused with `ProvisionedThroughputExceededException` (docs/aws-behaviour.md#dynamodb).
    DynamodbThrottled,
    /// DynamoDB answers 500 (docs/aws-behaviour.md#dynamodb).
    Dynamodb500,
}

impl Fault {
    /// Every fault, in the order of the flow.
    pub const ALL: [Self; 11] = [
        Self::PutThrottled,
        Self::PutSwapped,
        Self::ShardSlow,
        Self::LatestGap,
        Self::BatchTwice,
        Self::FunctionThrottled,
        Self::Connections429,
        Self::Connections410,
        Self::Connections500,
        Self::DynamodbThrottled,
        Self::Dynamodb500,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::PutThrottled => "put-throttled",
            Self::PutSwapped => "put-swapped",
            Self::BatchTwice => "batch-twice",
            Self::FunctionThrottled => "function-throttled",
            Self::Connections429 => "connections-429",
            Self::Connections410 => "connections-410",
            Self::Connections500 => "connections-500",
            Self::ShardSlow => "shard-slow",
            Self::LatestGap => "latest-gap",
            Self::DynamodbThrottled => "dynamodb-throttled",
            Self::Dynamodb500 => "dynamodb-500",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// What it does, as a line of help.
    pub const fn about(self) -> &'static str {
        match self {
            Self::PutThrottled => "a record is refused: ProvisionedThroughputExceededException",
            Self::PutSwapped => "a record enters the stream after the next one of its partition key",
            Self::BatchTwice => "a batch that was handled is delivered again",
            Self::FunctionThrottled => "the function is not invoked: no concurrency is left",
            Self::Connections429 => "@connections answers 429, too many requests",
            Self::Connections410 => "@connections answers 410, the client has left",
            Self::Connections500 => "@connections answers 500",
            Self::ShardSlow => "a shard's new records become visible late",
            Self::DynamodbThrottled => {
                "a call to DynamoDB is refused: ProvisionedThroughputExceededException"
            }
            Self::Dynamodb500 => "DynamoDB answers 500",
            Self::LatestGap => "a mapping at LATEST misses records that arrive while it is created",
        }
    }

    /// What `for=` names.
    pub const fn target(self) -> &'static str {
        match self {
            Self::PutThrottled | Self::PutSwapped => "partition key",
            Self::Connections429 | Self::Connections410 | Self::Connections500 => "connection",
            Self::DynamodbThrottled | Self::Dynamodb500 => "table",
            Self::BatchTwice | Self::FunctionThrottled | Self::ShardSlow | Self::LatestGap => "function",
        }
    }

    /// Its default duration; `None` if it has no duration.
    pub const fn default_delay(self) -> Option<Duration> {
        match self {
            Self::PutSwapped => Some(Duration::from_millis(100)),
            Self::ShardSlow => Some(Duration::from_millis(300)),
            Self::LatestGap => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
