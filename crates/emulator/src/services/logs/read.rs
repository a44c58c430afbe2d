//! Reads events: by stream, or by search in a group.

use super::events::{Event, Stream};
use super::filter_pattern::FilterPattern;
use super::group::{Group, group_of_arn, no_group};
use super::{Logs, bad_token, invalid, limit, parse};
use crate::protocol::page::page;
use crate::protocol::{Answer, ApiError, Reply};
use serde::Deserialize;
use serde_json::{Value, json};

/// Events in one answer, at most.
const EVENTS_LIMIT_MAX: usize = 10_000;
/// Streams in one answer, at most.
const STREAMS_LIMIT_MAX: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<u64>,
    end_time: Option<u64>,
    next_token: Option<String>,
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<u64>,
    end_time: Option<u64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    /// Always so since 2019, whatever is sent.
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
}

impl Logs {
    pub(super) fn describe_log_streams(&self, input: Value) -> Answer {
        let request: DescribeLogStreams = parse("DescribeLogStreams", input)?;
        let prefix = request.log_stream_name_prefix.unwrap_or_default();
        let limit = limit(request.limit, STREAMS_LIMIT_MAX)?;
        let by_time = request.order_by.as_deref() == Some("LastEventTime");
        self.with_group(request.log_group_name, request.log_group_identifier, |name, group| {
            let mut streams: Vec<(&String, &Stream)> =
                group.events.streams().iter().filter(|(stream, _)| stream.starts_with(&prefix)).collect();
            if by_time || request.descending {
                if by_time {
                    streams.sort_by_key(|(_, stream)| stream.last_event_ms);
                }
                if request.descending {
                    streams.reverse();
                }
                // Tokens follow names, so any other order has only one page.
                streams.truncate(limit);
            }
            let views =
                streams.into_iter().map(|(stream, known)| (stream, self.stream_view(name, stream, known)));
            let (page, token) = page(views, request.next_token.as_deref(), limit).map_err(|_| bad_token())?;
            Ok(json!({"logStreams": page, "nextToken": token}))
        })
    }

    pub(super) fn get_log_events(&self, input: Value) -> Answer {
        let request: GetLogEvents = parse("GetLogEvents", input)?;
        let limit = limit(request.limit, EVENTS_LIMIT_MAX)?;
        let token = request.next_token.as_deref().map(Token::parse).transpose()?;
        let in_time = in_time(request.start_time, request.end_time);
        self.with_group(request.log_group_name, request.log_group_identifier, |_, group| {
            if !group.events.streams().contains_key(&request.log_stream_name) {
                return Err(no_stream());
            }
            let mine =
                group.events.iter().filter(|event| event.stream == request.log_stream_name && in_time(event));
            let (page, at): (Vec<&Event>, u64) = match token {
                Some(Token::Forward(from)) => {
                    (mine.filter(|event| event.number >= from).take(limit).collect(), from)
                }
                None if request.start_from_head => (mine.take(limit).collect(), 0),
                Some(Token::Backward(before)) => {
                    (last(mine.filter(|event| event.number < before), limit), before)
                }
                None => (last(mine, limit), group.events.next_number()),
            };
            let forward = page.last().map_or(at, |event| event.number + 1);
            let backward = page.first().map_or(at, |event| event.number);
            let events: Vec<Value> = page.into_iter().map(|event| json!({
                "timestamp": event.timestamp_ms, "message": event.message, "ingestionTime": event.ingested_ms,
            })).collect();
            Ok(json!({
                "events": events,
                "nextForwardToken": format!("f/{forward}"),
                "nextBackwardToken": format!("b/{backward}"),
            }))
        })
    }

    pub(super) fn filter_log_events(&self, input: Value) -> Answer {
        let request: FilterLogEvents = parse("FilterLogEvents", input)?;
        let pattern = request.filter_pattern.unwrap_or_default();
        let pattern = FilterPattern::parse(&pattern).ok_or_else(|| {
            invalid(format!(
                "filterPattern: {pattern} is not supported by the emulator, which matches terms only"
            ))
        })?;
        let limit = limit(request.limit, EVENTS_LIMIT_MAX)?;
        let from = match request.next_token.as_deref().map(Token::parse).transpose()? {
            Some(Token::Forward(from)) => from,
            Some(Token::Backward(_)) => return Err(bad_token()),
            None => 0,
        };
        let in_time = in_time(request.start_time, request.end_time);
        let prefix = request.log_stream_name_prefix.unwrap_or_default();
        let names = request.log_stream_names;
        self.with_group(request.log_group_name, request.log_group_identifier, |_, group| {
            let mut matching = group.events.iter().filter(|event| {
                event.number >= from
                    && in_time(event)
                    && event.stream.starts_with(&prefix)
                    && names.as_ref().is_none_or(|names| names.contains(&event.stream))
                    && pattern.matches(&event.message)
            });
            let page: Vec<&Event> = matching.by_ref().take(limit).collect();
            let token = matching.next().map(|event| format!("f/{}", event.number));
            let events: Vec<Value> = page
                .into_iter()
                .map(|event| {
                    json!({
                        "logStreamName": event.stream,
                        "timestamp": event.timestamp_ms,
                        "message": event.message,
                        "ingestionTime": event.ingested_ms,
                        "eventId": format!("{:056}", event.number),
                    })
                })
                .collect();
            Ok(json!({"events": events, "searchedLogStreams": [], "nextToken": token}))
        })
    }

    fn with_group(
        &self,
        name: Option<String>,
        identifier: Option<String>,
        look: impl FnOnce(&str, &Group) -> Result<Value, ApiError>,
    ) -> Answer {
        let reference =
            name.or(identifier).ok_or_else(|| invalid("logGroupName or logGroupIdentifier is required"))?;
        let name = group_of_arn(&reference).unwrap_or(&reference);
        let groups = self.groups.lock();
        look(name, groups.get(name).ok_or_else(no_group)?).map(Reply::ok)
    }

    fn stream_view(&self, group: &str, name: &str, stream: &Stream) -> Value {
        json!({
            "logStreamName": name,
            "creationTime": stream.created_ms,
            "firstEventTimestamp": stream.first_event_ms,
            "lastEventTimestamp": stream.last_event_ms,
            "lastIngestionTime": stream.last_ingestion_ms,
            "arn": self.account.arn("logs", &format!("log-group:{group}:log-stream:{name}")),
            "storedBytes": 0,
        })
    }
}

/// A page's beginning or end, by an event's number.
enum Token {
    Forward(u64),
    Backward(u64),
}

impl Token {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let (kind, number) = text.split_once('/').ok_or_else(bad_token)?;
        let number = number.parse().map_err(|_| bad_token())?;
        match kind {
            "f" => Ok(Self::Forward(number)),
            "b" => Ok(Self::Backward(number)),
            _ => Err(bad_token()),
        }
    }
}

fn last<'a>(events: impl DoubleEndedIterator<Item = &'a Event>, limit: usize) -> Vec<&'a Event> {
    let mut page: Vec<&Event> = events.rev().take(limit).collect();
    page.reverse();
    page
}

fn in_time(start: Option<u64>, end: Option<u64>) -> impl Fn(&Event) -> bool {
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(u64::MAX));
    move |event| (start..end).contains(&event.timestamp_ms)
}

fn no_stream() -> ApiError {
    ApiError::bad_request("ResourceNotFoundException", "The specified log stream does not exist.")
}
