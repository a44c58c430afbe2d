//! Event source mappings.

use super::{How, Question, Special};

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "event-source-arn",
        asks: "is eventSourceARN the stream's or the consumer's if a mapping reads a consumer?",
        rows: &["function/event-source-arn"],
        how: How::Special(Special::EventSourceArn),
    },
    Question {
        id: "partition-queues",
        asks: "does a failing batch stop other partition keys of its shard with a parallelization factor of 10?",
        rows: &["function/partition-queues"],
        how: How::Special(Special::PartitionQueues),
    },
];
