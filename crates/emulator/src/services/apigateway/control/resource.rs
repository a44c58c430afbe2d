//! What all resources of an API share: create, read, list, update and delete by id.

use super::definition::{Collection, Definition};
use super::invalid;
use crate::protocol::id;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service, input};
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A resource's settings: the members of its requests that this emulator supports.
pub trait Resource: Clone + Serialize + DeserializeOwned {
    /// Its name in operations: `Integration`.
    const KIND: &'static str;
    /// The member with its id: `integrationId`.
    const ID: &'static str;
    /// Resources of this kind in their parent, at most (the account's default quota).
    const COUNT_MAX: usize;
    /// Maps that an update merges entry by entry; it replaces other members whole.
    const MERGED: &'static [&'static str] = &[];
    /// Members that an update may not have.
    const FIXED: &'static [&'static str] = &[];
    /// Members that an update may not empty; it removes others that are the empty string.
    const NEVER_EMPTY: &'static [&'static str] = &[];

    fn complete(&mut self) {}

    /// Checks the settings against their API; `id` is the resource's own, unless it is being created. Errors: what AWS
    /// refuses, and what this emulator does not support, by name.
    fn check(&self, id: Option<&str>, definition: &Definition) -> Result<(), ApiError>;

    /// Checks that nothing refers to it any more. Errors: a conflict that names what refers to it.
    fn check_delete(&self, _id: &str, _definition: &Definition) -> Result<(), ApiError> {
        Ok(())
    }

    fn computed(&self) -> Value {
        json!({})
    }
}

/// Handles the operations on one collection; `definition` is the API before the call. Errors: not found, a conflict, or
/// the error of [`Resource::check`].
pub fn serve<R: Resource>(
    collection: &mut Collection<R>,
    definition: &Definition,
    call: &RestCall,
    id: Option<&str>,
) -> Answer {
    call.only_query(Service::ApiGateway, &[])?;
    match (&call.method, id) {
        (&Method::POST, None) => {
            if collection.len() >= R::COUNT_MAX {
                let message =
                    format!("Maximum number of {}s for this API has been reached: {}", R::KIND, R::COUNT_MAX);
                return Err(invalid(message));
            }
            let mut resource: R = parse(&format!("Create{}", R::KIND), call.body.clone())?;
            resource.complete();
            resource.check(None, definition)?;
            let id = id::api_resource();
            let view = view(&id, &resource)?;
            collection.insert(id, resource);
            Ok(Reply::created(view))
        }
        (&Method::GET, None) => {
            let items = collection.iter().map(|(id, resource)| view(id, resource));
            Ok(Reply::ok(json!({"items": items.collect::<Result<Vec<_>, _>>()?})))
        }
        (&Method::GET, Some(id)) => Ok(Reply::ok(view(id, find(collection, id)?)?)),
        (&Method::PATCH, Some(id)) => {
            let current = find(collection, id)?;
            let operation = format!("Update{}", R::KIND);
            if let Some(fixed) = R::FIXED.iter().find(|name| !call.body[**name].is_null()) {
                return Err(invalid(format!("{operation}: {fixed} cannot be changed")));
            }
            if let Some(empty) = R::NEVER_EMPTY.iter().find(|name| call.body[**name] == "") {
                return Err(invalid(format!("{operation}: {empty} cannot be empty")));
            }
            let mut next =
                input::overlay(Service::ApiGateway, &operation, current, call.body.clone(), R::MERGED)?;
            R::complete(&mut next);
            next.check(Some(id), definition)?;
            let view = view(id, &next)?;
            collection.insert(id.to_owned(), next);
            Ok(Reply::ok(view))
        }
        (&Method::DELETE, Some(id)) => {
            find(collection, id)?.check_delete(id, definition)?;
            collection.remove(id);
            Ok(Reply::no_content())
        }
        _ => Err(call.unsupported(Service::ApiGateway)),
    }
}

/// The resource with an id. Fails with `NotFoundException`.
pub fn find<'a, R: Resource>(collection: &'a Collection<R>, id: &str) -> Result<&'a R, ApiError> {
    collection.get(id).ok_or_else(|| not_found(R::KIND, id))
}

/// The error that no resource of the kind has the id.
pub fn not_found(kind: &str, id: &str) -> ApiError {
    ApiError::not_found("NotFoundException", format!("Invalid {kind} identifier specified {id}"))
}

/// Reads a request's document. Fails with `BadRequestException`, which names an unsupported argument.
pub fn parse<T: DeserializeOwned>(operation: &str, body: Value) -> Result<T, ApiError> {
    input::parse(Service::ApiGateway, operation, body)
}

fn view<R: Resource>(id: &str, resource: &R) -> Result<Value, ApiError> {
    let mut document = serde_json::to_value(resource).map_err(ApiError::internal)?;
    if let (Value::Object(members), Value::Object(computed)) = (&mut document, resource.computed()) {
        members.extend(computed);
        members.insert(R::ID.into(), id.into());
    }
    Ok(document)
}
