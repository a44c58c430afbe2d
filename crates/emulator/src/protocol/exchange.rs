//! Recognises a request's operation and protocol, and writes the answer in the same protocol.

use super::{Answer, ApiError, Service, cbor, query, xml};
use crate::core::identity::credential_scope;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};

/// The header that names the protocol of CBOR requests and answers.
const SMITHY_PROTOCOL: &str = "smithy-protocol";
const RPC_V2_CBOR: &str = "rpc-v2-cbor";

/// The errors of Lambda's model that this emulator answers, but for ResourceNotFoundException.
const LAMBDA_MODELLED: [&str; 8] = [
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "PolicyLengthExceededException",
    "PreconditionFailedException",
    "RequestTooLargeException",
    "ResourceConflictException",
    "ResourceInUseException",
    "TooManyRequestsException",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// REST with methods and paths: `apigateway` and `lambda`.
    RestJson,
    /// JSON with `X-Amz-Target`; the answer has the request's content type.
    Json {
        /// `1.0` or `1.1`
        version: &'static str,
    },
    /// A form as request, XML as answer.
    Query,
    /// Smithy RPC v2 CBOR.
    Cbor,
}

/// A request in a form that services take.
#[derive(Debug)]
pub struct Request {
    pub service: Service,
    pub protocol: Protocol,
    /// The operation's name; empty for REST services, which use method and path.
    pub operation: String,
    pub input: Value,
}

/// Reads a request. Fails with the answer to send if no service has the operation, or the body does not fit.
pub fn read(parts: &Parts, body: &Bytes) -> Result<Request, Box<Response<Full<Bytes>>>> {
    let refuse = |service, protocol, error| Box::new(write(service, protocol, "", Err(error)));
    if let Some(target) = header_text(parts, "x-amz-target") {
        let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
        let protocol = json_protocol(parts);
        let Some(service) = Service::of_target_prefix(prefix) else {
            let error =
                ApiError::bad_request("UnknownOperationException", format!("no service for {target}"));
            return Err(refuse(Service::Logs, protocol, error));
        };
        let input = json_body(body)
            .ok_or_else(|| refuse(service, protocol, serialization_error("the body is not a JSON object")))?;
        return Ok(Request { service, protocol, operation: operation.into(), input });
    }
    if let Some((prefix, operation)) = rpc_path(parts.uri.path()) {
        let Some(service) = Service::of_target_prefix(prefix) else {
            let error =
                ApiError::bad_request("UnknownOperationException", format!("no service for {prefix}"));
            return Err(refuse(Service::CloudWatch, Protocol::Cbor, error));
        };
        let input = cbor::decode(body)
            .ok_or_else(|| refuse(service, Protocol::Cbor, serialization_error("the body is not CBOR")))?;
        return Ok(Request { service, protocol: Protocol::Cbor, operation: operation.into(), input });
    }
    match service_of_scope_or_path(parts) {
        Some(service @ (Service::ApiGateway | Service::Lambda)) => {
            let input = json_body(body).ok_or_else(|| {
                refuse(service, Protocol::RestJson, serialization_error("the body is not a JSON object"))
            })?;
            Ok(Request { service, protocol: Protocol::RestJson, operation: String::new(), input })
        }
        service => read_query(service, parts, body)
            .map_err(|error| refuse(service.unwrap_or(Service::Sts), Protocol::Query, error)),
    }
}

/// Refuses a request before its body is read, in the protocol that its head shows.
pub fn refuse(parts: &Parts, error: ApiError) -> Response<Full<Bytes>> {
    let (service, protocol) = if let Some(target) = header_text(parts, "x-amz-target") {
        let prefix = target.split('.').next().unwrap_or_default();
        (Service::of_target_prefix(prefix).unwrap_or(Service::Logs), json_protocol(parts))
    } else if let Some((prefix, _)) = rpc_path(parts.uri.path()) {
        (Service::of_target_prefix(prefix).unwrap_or(Service::CloudWatch), Protocol::Cbor)
    } else {
        match service_of_scope_or_path(parts) {
            Some(service @ (Service::ApiGateway | Service::Lambda)) => (service, Protocol::RestJson),
            service => (service.unwrap_or(Service::Sts), Protocol::Query),
        }
    };
    write(service, protocol, "", Err(error))
}

fn service_of_scope_or_path(parts: &Parts) -> Option<Service> {
    let scope = credential_scope(parts);
    let signed = scope.as_deref().and_then(|scope| scope.split('/').nth(3));
    signed.and_then(Service::of_signing_name).or_else(|| service_of_path(parts.uri.path()))
}

fn read_query(signed: Option<Service>, parts: &Parts, body: &Bytes) -> Result<Request, ApiError> {
    let form = std::str::from_utf8(body).ok().map(query::pairs);
    let form = form.filter(|form| form.len() <= query::FORM_FIELDS_MAX);
    let field = |name: &str| {
        let found = form.iter().flatten().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let service = field("Version").and_then(Service::of_query_version).or(signed);
    let (service, operation) = match (service, field("Action")) {
        (Some(service), Some(operation)) => (service, operation),
        (None, operation) => return Err(no_service(parts, operation)),
        (Some(_), None) if form.is_none() => return Err(serialization_error("the body is not a form")),
        (Some(service), None) => return Err(unknown_operation(service.signing_name())),
    };
    if service.query_version().is_none() {
        let name = service.signing_name();
        return Err(ApiError::unsupported_operation(name, &format!("{operation} in the Query protocol")));
    }
    let input = match query::document(form.as_deref().unwrap_or_default()) {
        Value::String(_) => Value::Object(Map::new()),
        document => document,
    };
    Ok(Request { service, protocol: Protocol::Query, operation: operation.to_owned(), input })
}

/// A call of a service that is not here, such as SNS by a form and S3 by method and path, refused by its name.
fn no_service(parts: &Parts, operation: Option<&str>) -> ApiError {
    let scope = credential_scope(parts);
    let Some(name) = scope.as_deref().and_then(|scope| scope.split('/').nth(3)) else {
        return unknown_operation("a service that the emulator has");
    };
    let call = || format!("{} {}", parts.method, parts.uri.path());
    ApiError::unsupported_operation(name, &operation.map_or_else(call, String::from))
}

fn unknown_operation(service: &str) -> ApiError {
    ApiError::bad_request("UnknownOperationException", format!("the request names no operation of {service}"))
}

fn serialization_error(message: &str) -> ApiError {
    ApiError::bad_request("SerializationException", message)
}

/// `/service/{target prefix}/operation/{operation}`
fn rpc_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/service/")?.split_once("/operation/")
}

fn service_of_path(path: &str) -> Option<Service> {
    let first = path.split('/').nth(1)?;
    if matches!(first, "v2" | "account") {
        return Some(Service::ApiGateway);
    }
    let is_date = first.len() == 10 && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_date.then_some(Service::Lambda)
}

fn json_protocol(parts: &Parts) -> Protocol {
    let content_type = header_text(parts, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    Protocol::Json { version: if content_type.contains("json-1.1") { "1.1" } else { "1.0" } }
}

fn header_text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body as a JSON object; an empty body is an empty object.
fn json_body(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

pub fn write(service: Service, protocol: Protocol, operation: &str, answer: Answer) -> Response<Full<Bytes>> {
    let request_id = uuid::Uuid::new_v4().to_string();
    let namespace = service.query_version().map_or("", |(_, namespace)| namespace);
    let (status, content_type, body) = match (protocol, &answer) {
        (Protocol::RestJson, Ok(reply)) => {
            let body = reply.body.as_ref().map_or_else(Vec::new, |body| body.to_string().into_bytes());
            (reply.status, "application/json", body)
        }
        (Protocol::Json { version }, Ok(reply)) => {
            let body = reply.body.as_ref().map_or_else(|| "{}".into(), Value::to_string);
            (StatusCode::OK, json_type(version), body.into_bytes())
        }
        (Protocol::Query, Ok(reply)) => {
            let xml = xml::response(namespace, operation, &request_id, reply.body.as_ref());
            (StatusCode::OK, "text/xml", xml.into_bytes())
        }
        (Protocol::Cbor, Ok(reply)) => {
            let body = cbor::encode(reply.body.as_ref().unwrap_or(&json!({})));
            (StatusCode::OK, "application/cbor", body)
        }
        (Protocol::RestJson, Err(error)) => {
            (error.status, "application/json", rest_error(service, error).to_string().into_bytes())
        }
        (Protocol::Json { version }, Err(error)) => {
            (error.status, json_type(version), typed_error(service, error).to_string().into_bytes())
        }
        (Protocol::Query, Err(error)) => {
            (error.status, "text/xml", xml::error(namespace, &request_id, error).into_bytes())
        }
        (Protocol::Cbor, Err(error)) => {
            (error.status, "application/cbor", cbor::encode(&typed_error(service, error)))
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    if protocol == Protocol::Cbor {
        headers.insert(SMITHY_PROTOCOL, HeaderValue::from_static(RPC_V2_CBOR));
    }
    if let Err(error) = &answer {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error.code));
        // docs/aws-behaviour.md#lambda-error-shape: clients take it for the code in place of the body's.
        if service.is_query_compatible()
            && protocol != Protocol::Query
            && let Ok(value) = HeaderValue::from_str(&format!("{};{}", error.code_in_query(), error.fault()))
        {
            headers.insert("x-amzn-query-error", value);
        }
    }
    response
}

fn json_type(version: &str) -> &'static str {
    if version == "1.1" { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" }
}

/// What an error of a REST service has in its body; its type stands in a header.
fn rest_error(service: Service, error: &ApiError) -> Value {
    match (service, error.code) {
        // The one of Lambda's errors whose model spells its member so.
        (Service::Lambda, "ResourceNotFoundException") => json!({"Type": "User", "Message": error.message}),
        (Service::Lambda, code) if LAMBDA_MODELLED.contains(&code) => {
            json!({"Type": "User", "message": error.message})
        }
        _ => json!({"message": error.message}),
    }
}

fn typed_error(service: Service, error: &ApiError) -> Value {
    let shape = match service {
        Service::Sqs => format!("com.amazonaws.sqs#{}", error.code),
        _ => error.code.to_owned(),
    };
    json!({"__type": shape, "message": error.message})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> (Parts, Bytes) {
        let mut builder = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        (builder.body(()).unwrap().into_parts().0, Bytes::from(body.to_owned()))
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/{service}/aws4_request, SignedHeaders=host"
        )
    }

    #[test]
    fn the_target_header_decides_before_anything_else() {
        let authorization = signed("lambda");
        let headers = [("x-amz-target", "AmazonSQS.ListQueues"), ("authorization", authorization.as_str())];
        let (parts, body) = request("POST", "/", &headers, "{}");
        let read = read(&parts, &body).unwrap();
        assert_eq!((read.service, read.operation.as_str()), (Service::Sqs, "ListQueues"));
    }

    #[test]
    fn a_query_request_goes_by_its_version_even_unsigned() {
        let (parts, body) = request("POST", "/", &[], "Action=GetCallerIdentity&Version=2011-06-15");
        let read = read(&parts, &body).unwrap();
        assert_eq!((read.service, read.operation.as_str()), (Service::Sts, "GetCallerIdentity"));
        assert_eq!(read.input, json!({}));
    }

    #[test]
    fn rest_requests_go_by_scope_or_by_path() {
        let authorization = signed("apigateway");
        let (parts, body) = request("GET", "/tags/x", &[("authorization", authorization.as_str())], "");
        assert_eq!(read(&parts, &body).unwrap().service, Service::ApiGateway);
        let (parts, body) = request("GET", "/2015-03-31/functions", &[], "");
        assert_eq!(read(&parts, &body).unwrap().service, Service::Lambda);
        let (parts, body) = request("GET", "/v2/apis", &[], "");
        assert_eq!(read(&parts, &body).unwrap().service, Service::ApiGateway);
    }

    #[test]
    fn a_service_that_is_not_here_is_refused_by_its_name() {
        for (service, method, uri, form, named) in [
            ("sns", "POST", "/", "Action=CreateTopic&Version=2010-03-31&Name=t", "sns CreateTopic"),
            ("s3", "PUT", "/bucket", "", "s3 PUT /bucket"),
        ] {
            let authorization = signed(service);
            let (parts, body) = request(method, uri, &[("authorization", authorization.as_str())], form);
            let refused = read(&parts, &body).unwrap_err();
            assert_eq!(refused.headers()["x-amzn-errortype"], "UnsupportedOperation");
            let expected = format!("{named} is not supported by the emulator");
            assert!(format!("{:?}", refused.body()).contains(&expected), "{refused:?}");
        }
    }

    #[test]
    fn only_services_of_the_query_protocol_send_its_codes() {
        let header = |service, protocol| {
            let error = ApiError::bad_request("AException", "m").with_query_code("A");
            write(service, protocol, "", Err(error)).headers().contains_key("x-amzn-query-error")
        };
        let json = Protocol::Json { version: "1.0" };
        assert!(header(Service::Sqs, json) && header(Service::CloudWatch, Protocol::Cbor));
        assert!(!header(Service::Logs, json) && !header(Service::Lambda, Protocol::RestJson));
        assert!(!header(Service::ApiGateway, Protocol::RestJson) && !header(Service::Iam, Protocol::Query));
    }

    #[test]
    fn what_nobody_serves_is_refused_in_its_protocol() {
        let (parts, body) = request("POST", "/", &[("x-amz-target", "DynamoDB_20120810.GetItem")], "{}");
        let refused = read(&parts, &body).unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(refused.headers()["x-amzn-errortype"], "UnknownOperationException");
    }
}
