//! What every operation reads from a request: its stream, and whether it is well-formed.

use super::error::KinesisError;
use super::store::types::{Operation, check, decode_shard_iterator};
use crate::core::account::{Account, stream_arn_of_arn, stream_name_of_arn};
use crate::protocol::page;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::borrow::Cow;

/// Prefix of the `X-Amz-Target` header of Kinesis calls.
pub const TARGET_PREFIX: &str = "Kinesis_20131202.";

/// The members that can say which stream, or what of it, a request is about.
const SUBJECTS: [&str; 4] = ["StreamName", "StreamARN", "ConsumerARN", "ResourceARN"];

/// What a request's subject is named by. A request keeps that one member: whoever authorises, locks or keeps by
/// another would do so for something else than what is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A stream, by `StreamName`, or by `StreamARN` in its place.
    Stream,
    /// A stream, by `StreamARN` alone.
    StreamArn,
    /// A consumer, by `ConsumerARN`, or by its stream's ARN and its own name.
    Consumer,
    /// A stream or a consumer, by `ResourceARN`.
    Resource,
    /// A shard, by an iterator.
    Iterator,
    /// No stream.
    Account,
}

impl Subject {
    fn of(operation: Operation) -> Self {
        match operation {
            Operation::DescribeAccountSettings
            | Operation::DescribeLimits
            | Operation::ListStreams
            | Operation::UpdateAccountSettings => Self::Account,
            Operation::GetRecords => Self::Iterator,
            Operation::DeleteResourcePolicy
            | Operation::GetResourcePolicy
            | Operation::ListTagsForResource
            | Operation::PutResourcePolicy
            | Operation::TagResource
            | Operation::UntagResource => Self::Resource,
            Operation::DeregisterStreamConsumer
            | Operation::DescribeStreamConsumer
            | Operation::SubscribeToShard => Self::Consumer,
            Operation::ListStreamConsumers
            | Operation::RegisterStreamConsumer
            | Operation::UpdateMaxRecordSize
            | Operation::UpdateStreamMode => Self::StreamArn,
            _ => Self::Stream,
        }
    }

    /// The member that a normalised request has it in.
    fn member(self, request: &Value) -> Option<&'static str> {
        match self {
            Self::Stream => Some("StreamName"),
            Self::StreamArn => Some("StreamARN"),
            Self::Consumer if request["ConsumerARN"].is_null() => Some("StreamARN"),
            Self::Consumer => Some("ConsumerARN"),
            Self::Resource => Some("ResourceARN"),
            Self::Iterator | Self::Account => None,
        }
    }
}

/// Brings a request into the one form that is authorised and served: a stream by its name where an ARN may stand in
/// its place, iterators without quotation marks, and no member that names another subject.
///
/// # Errors
/// An ARN that is none, or of another account or region; members that contradict each other.
pub(super) fn normalise(
    account: &Account,
    operation: Operation,
    request: &mut Value,
) -> Result<(), KinesisError> {
    let subject = Subject::of(operation);
    if !request.is_object() {
        return Ok(());
    }
    if subject == Subject::Iterator {
        unquote(request);
    }
    if let Some(arn) = request["StreamARN"].as_str() {
        let name = own_stream(account, arn)?.to_owned();
        let other = match subject {
            Subject::Stream => request["StreamName"].as_str().map(String::from),
            Subject::Consumer => {
                request["ConsumerARN"].as_str().and_then(stream_name_of_arn).map(String::from)
            }
            Subject::Iterator => iterated_stream(request),
            _ => None,
        };
        if other.is_some_and(|other| other != name) {
            let message = format!("StreamARN {arn} is not that of what the request is about.");
            return Err(KinesisError::client("InvalidArgumentException", &message));
        }
        if subject == Subject::Stream && request["StreamName"].is_null() {
            request["StreamName"] = name.into();
        }
    }
    for member in ["ConsumerARN", "ResourceARN"] {
        if let Some(arn) = request[member].as_str() {
            refuse_foreign(account, arn)?;
        }
    }
    let kept = subject.member(request);
    if let Some(members) = request.as_object_mut() {
        members.retain(|name, _| kept == Some(name) || !SUBJECTS.contains(&name.as_str()));
    }
    Ok(())
}

/// What a normalised request is authorised on.
pub(super) fn resource(account: &Account, operation: Operation, request: &Value) -> String {
    let named = match Subject::of(operation) {
        Subject::Stream => request["StreamName"].as_str().map(|name| account.stream_arn(name)),
        Subject::Iterator => iterated_stream(request).map(|name| account.stream_arn(&name)),
        subject => subject.member(request).and_then(|member| request[member].as_str()).map(String::from),
    };
    named.unwrap_or_else(|| "*".into())
}

/// docs/aws-behaviour.md#kinesis-quoted-iterators.
fn unquote(request: &mut Value) {
    let iterator = request["ShardIterator"].as_str();
    let bare = iterator.and_then(|text| text.strip_prefix('"')?.strip_suffix('"')).map(String::from);
    if let Some(bare) = bare {
        request["ShardIterator"] = bare.into();
    }
}

/// The name of a stream of this account and region.
fn own_stream<'a>(account: &Account, arn: &'a str) -> Result<&'a str, KinesisError> {
    const PATTERN: &str = "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+";
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_arn = matches!(parts[..], ["arn", partition, "kinesis", _, id, _]
        if partition.starts_with("aws") && id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()));
    let name = stream_name_of_arn(arn).filter(|_| is_arn && !arn.contains(char::is_whitespace));
    let name = name.ok_or_else(|| {
        KinesisError::client(
            "ValidationException",
            &format!(
                "1 validation error detected: Value '{arn}' at 'streamARN' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: {PATTERN}"
            ),
        )
    })?;
    refuse_foreign(account, arn)?;
    Ok(name)
}

/// Another account's streams, and another region's, are not here, whatever they are called.
fn refuse_foreign(account: &Account, arn: &str) -> Result<(), KinesisError> {
    let own = account.arn("kinesis", "");
    let foreign = arn.split(':').nth(4).filter(|id| !id.is_empty() && !arn.starts_with(&own));
    let Some(id) = foreign else { return Ok(()) };
    let stream = stream_arn_of_arn(arn).and_then(stream_name_of_arn).unwrap_or(arn);
    let message = format!("Stream {stream} under account {id} not found.");
    Err(KinesisError::client("ResourceNotFoundException", &message))
}

/// The stream that a request is about.
pub(crate) fn stream_of(request: &Value) -> Option<String> {
    if let Some(name) = request["StreamName"].as_str() {
        return Some(name.to_owned());
    }
    let arn = SUBJECTS[1..].iter().find_map(|member| request[*member].as_str())?;
    stream_name_of_arn(arn).map(String::from)
}

/// The stream of GetRecords, from the iterator.
pub(super) fn iterated_stream(request: &Value) -> Option<String> {
    let iterator = request["ShardIterator"].as_str()?;
    decode_shard_iterator(iterator).ok().map(|(_, stream, _, _)| stream)
}

/// Normalises a request and puts it through the library's type and constraint checks.
pub(super) fn checked(
    account: &Account,
    operation: Operation,
    request: &Value,
) -> Result<Value, KinesisError> {
    if !request.is_object() {
        return Err(KinesisError::client("SerializationException", "the request is not a JSON object"));
    }
    let mut request = Cow::Borrowed(request);
    if !request["StreamARN"].is_null() {
        normalise(account, operation, request.to_mut())?;
    }
    let request = check(operation, &request)?;
    for record in std::iter::once(&request).chain(request["Records"].as_array().into_iter().flatten()) {
        let data = record["Data"].as_str().unwrap_or_default();
        if STANDARD.decode(data).is_err() {
            return Err(KinesisError::client("SerializationException", "Data is not valid base64"));
        }
    }
    Ok(request)
}

/// What a token of ours says.
pub(super) fn read_token(token: &str) -> Result<Value, KinesisError> {
    page::read_token(token)
        .map_err(|_| KinesisError::client("InvalidArgumentException", "NextToken is invalid."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";

    fn normal(operation: Operation, mut request: Value) -> Result<Value, String> {
        normalise(&Account::default(), operation, &mut request).map_err(|error| error.code)?;
        Ok(request)
    }

    #[test]
    fn an_arn_stands_for_a_name_and_nothing_else_is_left_of_it() {
        let named = json!({"StreamName": "s"});
        for request in [json!({"StreamARN": ARN}), json!({"StreamARN": ARN, "StreamName": "s"})] {
            assert_eq!(normal(Operation::DescribeStream, request), Ok(named.clone()));
        }
        let strays =
            json!({"StreamName": "s", "ConsumerARN": format!("{ARN}/consumer/c:1"), "ResourceARN": ARN});
        assert_eq!(normal(Operation::PutRecord, strays), Ok(named.clone()));
        let resource = json!({"ResourceARN": ARN, "StreamName": "t"});
        assert_eq!(normal(Operation::TagResource, resource), Ok(json!({"ResourceARN": ARN})));
        assert_eq!(normal(Operation::UpdateAccountSettings, named), Ok(json!({})));
        let mode = json!({"StreamARN": ARN, "StreamName": "t"});
        assert_eq!(normal(Operation::UpdateStreamMode, mode), Ok(json!({"StreamARN": ARN})));
    }

    #[test]
    fn what_contradicts_itself_or_is_elsewhere_is_refused() {
        let invalid = || Err("InvalidArgumentException".to_owned());
        let contradiction = json!({"StreamARN": ARN, "StreamName": "t"});
        assert_eq!(normal(Operation::DescribeStream, contradiction), invalid());
        let consumer = json!({"StreamARN": ARN, "ConsumerARN": ARN.replace("/s", "/t/consumer/c:1")});
        assert_eq!(normal(Operation::DeregisterStreamConsumer, consumer), invalid());
        let missing = || Err("ResourceNotFoundException".to_owned());
        for foreign in [ARN.replace("us-east-1", "eu-west-1"), ARN.replace("000000000000", "111111111111")] {
            assert_eq!(normal(Operation::DescribeStream, json!({"StreamARN": foreign})), missing());
            assert_eq!(normal(Operation::TagResource, json!({"ResourceARN": foreign})), missing());
        }
        for wrong in ["", "s", "arn:aws:kinesis:us-east-1:1:stream/s", "arn:aws:sqs:us-east-1:000000000000:s"]
        {
            let refused = normal(Operation::DescribeStream, json!({"StreamARN": wrong}));
            assert_eq!(refused, Err("ValidationException".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn a_request_is_authorised_on_what_it_changes() {
        let account = Account::default();
        for (operation, request, expected) in [
            (Operation::PutRecord, json!({"StreamName": "s", "ConsumerARN": "other"}), ARN),
            (Operation::TagResource, json!({"ResourceARN": ARN, "StreamName": "other"}), ARN),
            (Operation::UpdateMaxRecordSize, json!({"StreamARN": ARN, "StreamName": "other"}), ARN),
            (Operation::ListStreams, json!({"StreamName": "other"}), "*"),
        ] {
            let request = normal(operation, request).unwrap();
            assert_eq!(resource(&account, operation, &request), expected, "{operation}");
        }
    }
}
