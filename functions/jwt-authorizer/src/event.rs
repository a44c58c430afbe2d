//! The event of a REQUEST authorizer, and the token in it.

use crate::settings::TokenFrom;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a client offers beside its token, where the token is a subprotocol: the one that it is answered.
const SUBPROTOCOL: &str = "sluicegate";

/// The members that are needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub method_arn: String,
    /// By their names as the client wrote them.
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
}

impl Request {
    /// The token in the one place where it may be.
    pub fn token(&self, from: TokenFrom) -> Option<&str> {
        let token = match from {
            TokenFrom::Query => self.query_string_parameters.as_ref()?.get("token")?.as_str(),
            TokenFrom::Header => {
                let (scheme, token) = self.header("authorization")?.trim().split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())?
            }
            TokenFrom::Subprotocol => {
                let offered = self.header("sec-websocket-protocol")?.split(',').map(str::trim);
                let (named, mut others): (Vec<_>, Vec<_>) = offered.partition(|name| *name == SUBPROTOCOL);
                let token = others.pop()?;
                (named.len() == 1 && others.is_empty()).then_some(token)?
            }
        };
        Some(token).filter(|token| !token.is_empty())
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_has_one_place() {
        use TokenFrom::{Header, Query, Subprotocol};
        let everywhere = json!({
            "methodArn": "arn", "queryStringParameters": {"token": "q"},
            "headers": {"Authorization": "Bearer h", "Sec-WebSocket-Protocol": "sluicegate, s"},
        });
        let everywhere: Request = serde_json::from_value(everywhere).unwrap();
        for (from, token) in [(Query, "q"), (Header, "h"), (Subprotocol, "s")] {
            assert_eq!(everywhere.token(from), Some(token));
        }
        for (from, headers, expected) in [
            (Query, json!({}), None),
            (Header, json!({"authorization": "bearer  t "}), Some("t")),
            (Header, json!({"AUTHORIZATION": "t"}), None),
            (Header, json!({"Authorization": "Basic t"}), None),
            (Header, json!({"Authorization": "Bearer "}), None),
            (Header, json!(null), None),
            (Subprotocol, json!({"sec-websocket-protocol": "t,sluicegate"}), Some("t")),
            (Subprotocol, json!({"Sec-WebSocket-Protocol": "t"}), None),
            (Subprotocol, json!({"Sec-WebSocket-Protocol": "sluicegate"}), None),
            (Subprotocol, json!({"Sec-WebSocket-Protocol": "sluicegate, t, u"}), None),
            (Subprotocol, json!({"Sec-WebSocket-Protocol": "sluicegate, sluicegate, t"}), None),
            (Subprotocol, json!({"Sec-WebSocket-Protocol": "sluicegate,,"}), None),
        ] {
            let request = json!({"methodArn": "arn", "headers": headers});
            let request: Request = serde_json::from_value(request.clone()).unwrap();
            assert_eq!(request.token(from), expected, "{from:?} {headers}");
        }
    }
}
