//! Event source mappings: from a stream or a consumer to a function.

use super::mapping_check::starting_position;
use super::mapping_settings::MappingSettings;
use super::reference::{NameForm, Reference};
use super::{Lambda, Store, invalid, listing, parse};
use crate::core::account::{Account, stream_arn_of_arn};
use crate::core::identity::{Permissions as _, Principal};
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service, input, time};
use crate::services::lambda::event_source_mapping::config::{MappingConfig, StartingPosition};
use crate::services::lambda::event_source_mapping::{MappingState, MappingStatus};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::SystemTime;

pub const MAPPINGS_MAX: usize = 1_000;

/// Mappings in one answer, at most, however many are requested.
const LISTED_MAX: usize = 100;

/// `LastProcessingResult` before the first invocation.
const NOTHING_YET: &str = "No records processed";

/// The permissions on the stream that the role needs when its mapping is created.
const STREAM_ACTIONS: [&str; 4] =
    ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"];

#[derive(Debug, Clone)]
pub struct Mapping {
    pub uuid: String,
    /// The function's name, with the qualifier of a version or an alias.
    pub function_name: String,
    /// The stream's ARN, or a consumer's.
    pub event_source_arn: String,
    /// `StartingPosition` as sent.
    pub starting_position_name: String,
    /// `StartingPositionTimestamp` as sent: epoch seconds.
    pub starting_position_timestamp: Option<f64>,
    starting_position: StartingPosition,
    pub settings: MappingSettings,
    pub tags: Tags,
    modified: SystemTime,
    /// Until nothing of it is in flight.
    pub is_deleting: bool,
}

/// Members of CreateEventSourceMapping; the rest are the settings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateEventSourceMapping {
    event_source_arn: Option<String>,
    function_name: String,
    starting_position: Option<String>,
    starting_position_timestamp: Option<f64>,
    #[serde(default)]
    tags: Tags,
}

impl Lambda {
    pub(super) async fn create_mapping(&self, call: &RestCall) -> Answer {
        let operation = "CreateEventSourceMapping";
        let mut rest = call.body.clone();
        let taken =
            ["EventSourceArn", "FunctionName", "StartingPosition", "StartingPositionTimestamp", "Tags"];
        let taken: serde_json::Map<_, _> = taken
            .into_iter()
            .filter_map(|member| Some((member.to_owned(), rest.as_object_mut()?.remove(member)?)))
            .collect();
        let request: CreateEventSourceMapping = parse(operation, Value::Object(taken))?;
        let settings: MappingSettings = parse(operation, rest)?;
        settings.check()?;
        let source = request.event_source_arn.ok_or_else(|| invalid("Unrecognized event source."))?;
        let stream = stream_arn_of_arn(&source).filter(|arn| arn.contains(":kinesis:")).ok_or_else(|| {
            invalid(format!(
                "EventSourceArn: {source} is not supported by the emulator, use a Kinesis stream or consumer"
            ))
        })?;
        let position =
            starting_position(request.starting_position.as_deref(), request.starting_position_timestamp)?;
        let (name, role) = self.mapped(&self.store.lock(), &request.function_name)?;
        if !self.streams.source_exists(&source).await {
            let kind = if source.contains("/consumer/") { "Consumer" } else { "Stream" };
            return Err(invalid(format!("{kind} not found: {source}")));
        }
        self.check_source_role(&role, stream, &source)?;
        self.check_destination_role(&role, &settings)?;
        let mapping = Mapping {
            uuid: uuid::Uuid::new_v4().to_string(),
            function_name: name,
            event_source_arn: source,
            starting_position_name: request.starting_position.unwrap_or_default(),
            starting_position_timestamp: request.starting_position_timestamp,
            starting_position: position,
            settings,
            tags: request.tags,
            modified: SystemTime::now(),
            is_deleting: false,
        };
        let mut store = self.store.lock();
        self.forget_deleted_mappings(&mut store);
        self.check_unique(&store, &mapping)?;
        self.mappings.put(mapping.config());
        // AWS's answer, whatever the state is by now.
        let view = mapping.view(&self.account, MappingState::Creating.name(), NOTHING_YET);
        store.mappings.insert(mapping.uuid.clone(), mapping);
        Ok(Reply::accepted(view))
    }

    /// The target of a mapping, and its role: for an alias, the main version's. As on Lambda, `$LATEST` in a full ARN is
    /// dropped. The function may still be `Pending`.
    fn mapped(&self, store: &Store, function: &str) -> Result<(String, String), ApiError> {
        let reference = Reference::read(&self.account, NameForm::Write, function, None)?;
        let reference = if function.starts_with("arn:") { reference.without_latest() } else { reference };
        let found = store.find(&reference, &self.account);
        let (_, view) = found.map_err(|_| invalid("Function does not exist"))?;
        Ok((reference.target(), view.configuration.settings.role.clone()))
    }

    fn check_unique(&self, store: &Store, mapping: &Mapping) -> Result<(), ApiError> {
        let twin = store.mappings.values().find(|other| {
            other.function_name == mapping.function_name && other.event_source_arn == mapping.event_source_arn
        });
        if let Some(twin) = twin {
            let message = format!(
                "The event source arn (\" {} \") and function (\" {} \") provided mapping already exists. Please update or delete the existing mapping with UUID {}",
                twin.event_source_arn, twin.function_name, twin.uuid
            );
            return Err(ApiError::conflict("ResourceConflictException", message));
        }
        if store.mappings.len() >= MAPPINGS_MAX {
            return Err(invalid(format!(
                "the account has {MAPPINGS_MAX} event source mappings, which is the limit"
            )));
        }
        Ok(())
    }

    fn check_source_role(&self, role: &str, stream: &str, source: &str) -> Result<(), ApiError> {
        let role = Principal::Role(role.to_owned());
        let on_stream = STREAM_ACTIONS.iter().map(|action| (*action, stream));
        let on_consumer = (source != stream).then_some(("kinesis:SubscribeToShard", source));
        for (action, resource) in on_stream.chain(on_consumer) {
            if self.iam.check(&role, action, resource).is_err() {
                return Err(invalid(format!(
                    "Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and SubscribeToShard Actions on your stream in IAM. ({action} on {resource} is missing)"
                )));
            }
        }
        Ok(())
    }

    fn check_destination_role(&self, role: &str, settings: &MappingSettings) -> Result<(), ApiError> {
        let Some(queue) = settings.on_failure_arn() else { return Ok(()) };
        let role = Principal::Role(role.to_owned());
        self.iam.check(&role, "sqs:SendMessage", queue).map_err(|_| {
            invalid(format!(
                "The provided execution role does not have permissions to call SendMessage on SQS. ({queue})"
            ))
        })
    }

    pub(super) fn get_mapping(&self, store: &Store, uuid: &str) -> Answer {
        Ok(Reply::ok(self.current_view(store.mapping(uuid)?)))
    }

    pub(super) fn list_mappings(&self, store: &Store, call: &RestCall) -> Answer {
        call.only_query(Service::Lambda, &["EventSourceArn", "FunctionName", "Marker", "MaxItems"])?;
        let source = call.query_value("EventSourceArn");
        let function = call.query_value("FunctionName");
        let function =
            function.map(|name| Reference::read(&self.account, NameForm::Write, name, None)).transpose()?;
        let function = function.map(|reference| reference.target());
        let limit = listing::limit_below(call, LISTED_MAX)?;
        let mappings = store.mappings.iter().filter(|(_, mapping)| {
            source.is_none_or(|arn| mapping.event_source_arn == arn)
                && function.as_ref().is_none_or(|name| mapping.function_name == *name)
        });
        let (mappings, next) = listing::marked(call, mappings, limit)?;
        let mappings: Vec<Value> = mappings.into_iter().map(|mapping| self.current_view(mapping)).collect();
        Ok(Reply::ok(json!({"EventSourceMappings": mappings, "NextMarker": next})))
    }

    pub(super) fn update_mapping(&self, store: &mut Store, call: &RestCall, uuid: &str) -> Answer {
        let mut next = store.mapping(uuid)?.clone();
        next.check_not_deleting("update")?;
        let was_enabled = next.settings.is_enabled();
        let mut patch = call.body.clone();
        if let Some(Value::String(function)) =
            patch.as_object_mut().and_then(|patch| patch.remove("FunctionName"))
        {
            next.function_name = self.mapped(store, &function)?.0;
        }
        next.settings =
            input::overlay(Service::Lambda, "UpdateEventSourceMapping", &next.settings, patch, &[])?;
        next.settings.check()?;
        let (_, role) = self.mapped(store, &next.function_name)?;
        self.check_destination_role(&role, &next.settings)?;
        next.modified = SystemTime::now();
        let result = self.last_processing_result(uuid);
        self.mappings.put(next.config());
        // AWS's answer, whatever the state is by now.
        let state = MappingState::on_change(Some(was_enabled), next.settings.is_enabled());
        let view = next.view(&self.account, state.name(), &result);
        store.mappings.insert(uuid.to_owned(), next);
        Ok(Reply::accepted(view))
    }

    pub(super) fn delete_mapping(&self, store: &mut Store, uuid: &str) -> Answer {
        let result = self.last_processing_result(uuid);
        let mapping = store.mapping_mut(uuid)?;
        mapping.check_not_deleting("delete")?;
        mapping.is_deleting = true;
        self.mappings.remove(uuid);
        Ok(Reply::accepted(mapping.view(&self.account, MappingState::Deleting.name(), &result)))
    }

    /// Removes mappings that were deleted and of which nothing is in flight.
    pub(super) fn forget_deleted_mappings(&self, store: &mut Store) {
        store.mappings.retain(|uuid, mapping| !mapping.is_deleting || self.mappings.status(uuid).is_some());
    }

    fn last_processing_result(&self, uuid: &str) -> String {
        let status = self.mappings.status(uuid);
        status.map_or_else(|| NOTHING_YET.into(), |status| status.last_processing_result)
    }

    fn current_view(&self, mapping: &Mapping) -> Value {
        let status = self.mappings.status(&mapping.uuid);
        let (state, result) = match &status {
            Some(MappingStatus { state, last_processing_result }) => {
                (state.name(), last_processing_result.as_str())
            }
            None => (MappingState::Creating.name(), NOTHING_YET),
        };
        mapping.view(&self.account, state, result)
    }
}

impl Mapping {
    /// The settings for the data plane.
    pub fn config(&self) -> MappingConfig {
        self.settings.config(&self.uuid, &self.function_name, &self.event_source_arn, self.starting_position)
    }

    fn check_not_deleting(&self, what: &str) -> Result<(), ApiError> {
        if !self.is_deleting {
            return Ok(());
        }
        let message = format!("Cannot {what} the event source mapping because it is in use.");
        Err(ApiError::new(http::StatusCode::BAD_REQUEST, "ResourceInUseException", message))
    }

    fn view(&self, account: &Account, state: &str, last_processing_result: &str) -> Value {
        let mut view = self.settings.view();
        let own = json!({
            "UUID": self.uuid,
            "EventSourceMappingArn": mapping_arn(account, &self.uuid),
            "FunctionArn": account.function_arn(&self.function_name),
            "EventSourceArn": self.event_source_arn,
            "StartingPosition": self.starting_position_name,
            "StartingPositionTimestamp": self.starting_position_timestamp,
            "State": state,
            "StateTransitionReason": "User action",
            "LastProcessingResult": last_processing_result,
            "LastModified": time::epoch_seconds(self.modified),
        });
        if let (Value::Object(members), Value::Object(own)) = (&mut view, own) {
            members.extend(own);
        }
        view
    }
}

/// `arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid}`
pub fn mapping_arn(account: &Account, uuid: &str) -> String {
    account.arn("lambda", &format!("event-source-mapping:{uuid}"))
}
