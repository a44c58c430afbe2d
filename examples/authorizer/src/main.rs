//! Admits clients with a valid token in their query string: `wss://…/v1?token=…`.
//!
//! `TOKENS` has a name for each token. The name becomes the connection's `principalId`:
//! `$context.authorizer.principalId` in mapping templates.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use stream_function::runtime::serve;

/// With this error API Gateway answers the client with 401; with any other, 500.
const UNAUTHORIZED: &str = "Unauthorized";

/// Names by token.
type Tokens = BTreeMap<String, String>;

/// The members of a REQUEST authorizer's event that are needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method_arn: String,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tokens = std::env::var("TOKENS")
        .map_err(|_| "TOKENS is not set: set it to a JSON object with a name for each token")?;
    let tokens: Tokens = serde_json::from_str(&tokens)?;
    serve(async |request: Request, _| authorize(&tokens, &request).ok_or(UNAUTHORIZED)).await?;
    Ok(())
}

/// The policy that admits a client with a known token.
fn authorize(tokens: &Tokens, request: &Request) -> Option<Value> {
    let name = tokens.get(request.query_string_parameters.get("token")?)?;
    Some(json!({
        "principalId": name,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": request.method_arn}],
        },
        "context": {"name": name},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_token_connects_and_any_other_does_not() {
        let tokens = Tokens::from([("let-me-in".into(), "alice".into())]);
        let request = |query: Value| -> Request {
            serde_json::from_value(json!({
                "type": "REQUEST", "methodArn": "arn:…/v1/$connect", "queryStringParameters": query,
            }))
            .expect("an event")
        };
        let answer = authorize(&tokens, &request(json!({"token": "let-me-in"}))).expect("a policy");
        assert_eq!(answer["principalId"], "alice");
        assert_eq!(answer["policyDocument"]["Statement"][0]["Resource"], "arn:…/v1/$connect");
        assert_eq!(authorize(&tokens, &request(json!({"token": "guess"}))), None);
        assert_eq!(authorize(&tokens, &request(json!({}))), None);
    }
}
