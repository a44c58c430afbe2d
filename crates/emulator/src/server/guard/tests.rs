//! The table of who may use the port.

use super::*;
use crate::core::account::Account;
use crate::core::identity::Credentials;
use crate::core::region::RegionCell;
use crate::services::iam::Iam;
use http::Request;

const HOST: &str = "127.0.0.1:4566";
const DEVELOPER: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
);
const UPGRADE: [(&str, &str); 2] = [("upgrade", "websocket"), ("connection", "Upgrade")];
const FOREIGN: (&str, &str) = ("origin", "http://evil.example");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const POST: &str = "/_aws/execute-api/abc/v1/@connections/x";

fn guard(access: Access) -> Guard {
    Guard::new(access, Arc::new(Iam::new(Account::default())), Account::default().region)
}

/// What becomes of a request with this head, in one word.
fn outcome(guard: &Guard, method: &str, uri: &str, host: &str, headers: &[(&str, &str)]) -> &'static str {
    let mut request = Request::builder().method(method).uri(uri).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match guard.admit(&request.body(()).unwrap().into_parts().0) {
        Ok(admitted) => match admitted.purpose {
            Purpose::Handshake => "handshake",
            Purpose::Page(_) => "page",
            Purpose::Connection(_) => "connection",
            Purpose::Call => "call",
            Purpose::Preflight => "preflight",
        },
        Err(Refusal::BadHost(_)) => "bad host",
        Err(Refusal::ForeignHost { .. }) => "foreign host",
        Err(Refusal::ForeignPage(_)) => "foreign page",
        Err(Refusal::Unsigned) => "unsigned",
        Err(Refusal::Incomplete(_)) => "incomplete",
        Err(Refusal::Unproven(_)) => "unproven",
        Err(Refusal::OtherRegion(_)) => "other region",
    }
}

#[test]
fn programs_with_keys_and_people_with_an_address_may() {
    let guard = guard(Access::default());
    for (method, uri, headers, expected) in [
        ("POST", "/", &[DEVELOPER][..], "call"),
        ("POST", "/2015-03-31/functions", &[DEVELOPER], "call"),
        ("POST", POST, &[DEVELOPER], "connection"),
        ("GET", "/v1", &UPGRADE, "handshake"),
        ("GET", "/_sluicegate/state", &[], "page"),
        ("GET", "/_sluicegate/state", &[("sec-fetch-site", "none")], "page"),
        ("GET", "/_sluicegate/state", &[("sec-fetch-site", "same-origin")], "page"),
        ("PUT", "/_sluicegate/faults", &[FORM], "page"),
        ("PUT", "/_sluicegate/faults", &[("origin", "http://127.0.0.1:4566")], "page"),
        (
            "POST",
            "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0",
            &[],
            "call",
        ),
    ] {
        assert_eq!(outcome(&guard, method, uri, HOST, headers), expected, "{method} {uri} {headers:?}");
    }
}

#[test]
fn a_call_without_a_signature_may_not() {
    let guard = guard(Access::default());
    for (method, uri, headers, expected) in [
        ("POST", "/", &[FORM][..], "unsigned"),
        ("POST", "/2015-03-31/functions", &[("content-type", "text/plain")], "unsigned"),
        ("POST", "/2015-03-31/functions/f/invocations", &[], "unsigned"),
        ("GET", "/v2/apis", &[], "unsigned"),
        ("POST", "/", &[("x-amz-target", "Kinesis_20131202.ListStreams")], "unsigned"),
        ("POST", POST, &[], "unsigned"),
        ("DELETE", POST, &[("authorization", "Bearer x")], "unsigned"),
        ("POST", "/", &[("authorization", "AWS4-HMAC-SHA256 Credential=x")], "incomplete"),
        ("POST", "/?X-Amz-Credential=a", &[], "unsigned"),
        ("POST", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a", &[], "incomplete"),
        // Neither a page nor a handshake, whatever it looks like.
        ("POST", "/_sluicegate", &[], "unsigned"),
        ("GET", "/v1", &[("upgrade", "h2c"), ("connection", "Upgrade")], "unsigned"),
    ] {
        assert_eq!(outcome(&guard, method, uri, HOST, headers), expected, "{method} {uri} {headers:?}");
    }
    let open = Guard::new(
        Access { allows_unsigned: true, ..Access::default() },
        Arc::new(Iam::new(Account::default())),
        Account::default().region,
    );
    assert_eq!(outcome(&open, "POST", "/", HOST, &[FORM]), "call");
    assert_eq!(outcome(&open, "POST", POST, HOST, &[]), "connection");
    assert_eq!(outcome(&open, "POST", "/", HOST, &[FORM, FOREIGN]), "foreign page");
}

/// Signed or not, since a page can make up a signature: a query needs no preflight.
#[test]
fn another_page_may_do_nothing_but_open_a_websocket() {
    let guard = guard(Access::default());
    for marks in [
        &[FOREIGN][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:3000")],
        &[("origin", "http://localhost:4566")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[("origin", "http://127.0.0.1:4566"), FOREIGN],
    ] {
        for (method, uri) in [
            ("POST", "/"),
            ("POST", "/2015-03-31/functions"),
            ("POST", "/2015-03-31/functions/f/invocations"),
            ("GET", "/v2/apis"),
            ("POST", POST),
            ("DELETE", POST),
            ("GET", "/_sluicegate/state"),
            ("GET", "/_sluicegate/health"),
            ("PUT", "/_sluicegate/faults"),
            ("DELETE", "/_sluicegate/faults"),
        ] {
            for signature in [&[][..], &[DEVELOPER]] {
                let headers = [marks, signature].concat();
                assert_eq!(
                    outcome(&guard, method, uri, HOST, &headers),
                    "foreign page",
                    "{method} {uri} {headers:?}"
                );
            }
        }
        let preflight = [marks, &[("access-control-request-method", "PUT")]].concat();
        assert_eq!(outcome(&guard, "OPTIONS", "/_sluicegate/faults", HOST, &preflight), "foreign page");
        let handshake = [marks, &UPGRADE].concat();
        assert_eq!(outcome(&guard, "GET", "/v1", HOST, &handshake), "handshake", "{marks:?}");
    }
}

#[test]
fn an_allowed_page_may_and_no_other_opens_a_websocket() {
    const OWN: (&str, &str) = ("origin", "http://localhost:3000");
    let origins = vec![OWN.1.parse().unwrap()];
    let guard = guard(Access { origins, ..Access::default() });
    let preflight = [OWN, ("access-control-request-method", "PUT")];
    for (method, uri, headers, expected) in [
        ("OPTIONS", "/_sluicegate/faults", &preflight[..], "preflight"),
        ("OPTIONS", "/", &preflight, "preflight"),
        ("PUT", "/_sluicegate/faults", &[OWN], "page"),
        ("POST", "/", &[OWN, DEVELOPER], "call"),
        ("POST", "/", &[OWN, FORM], "unsigned"),
        ("GET", "/v1", &[OWN, UPGRADE[0], UPGRADE[1]], "handshake"),
        ("GET", "/v1", &[("origin", "http://127.0.0.1:4566"), UPGRADE[0], UPGRADE[1]], "handshake"),
        ("GET", "/v1", &UPGRADE, "handshake"),
        ("GET", "/v1", &[FOREIGN, UPGRADE[0], UPGRADE[1]], "foreign page"),
        ("GET", "/v1", &[("origin", "null"), UPGRADE[0], UPGRADE[1]], "foreign page"),
        ("PUT", "/_sluicegate/faults", &[FOREIGN], "foreign page"),
    ] {
        assert_eq!(outcome(&guard, method, uri, HOST, headers), expected, "{method} {uri} {headers:?}");
    }
}

#[test]
fn a_host_of_another_name_meets_a_refusal_that_names_the_flag() {
    let of = |access: Access, host: &str, headers: &[(&str, &str)]| {
        outcome(&guard(access), "GET", "/_sluicegate/state", host, headers)
    };
    assert_eq!(of(Access::default(), "evil.example", &[]), "foreign host");
    assert_eq!(
        of(Access::default(), "evil.example:4566", &[("origin", "http://evil.example:4566")]),
        "foreign host"
    );
    assert_eq!(of(Access::default(), "evil.example", &UPGRADE), "foreign host");
    assert_eq!(of(Access::default(), "", &[]), "bad host");
    let hosts = vec!["evil.example".parse().unwrap()];
    assert_eq!(of(Access { hosts, ..Access::default() }, "evil.example:4566", &[]), "page");
    let refusal = Refusal::ForeignHost { host: "emulator:4566".into() };
    assert!(refusal.to_string().ends_with("start the emulator with --allowed-host emulator"), "{refusal}");
}

/// docs/aws-behaviour.md#request-region
#[test]
fn calls_are_for_the_region_of_the_first_of_them() {
    let region = RegionCell::default();
    let access = Access { allows_unsigned: true, ..Access::default() };
    let guard = Guard::new(access, Arc::new(Iam::new(Account::default())), region.clone());
    let call = |scope: &str| {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/{scope}/aws4_request, SignedHeaders=host, Signature=0"
        );
        outcome(&guard, "POST", "/", HOST, &[("authorization", &authorization)])
    };
    assert_eq!(outcome(&guard, "GET", "/v1", HOST, &UPGRADE), "handshake");
    assert_eq!(outcome(&guard, "GET", "/_sluicegate/state", HOST, &[]), "page");
    assert_eq!((call("us-east-1/iam"), call("not a region/lambda")), ("call", "other region"));
    assert_eq!(region.known(), None, "nothing so far was for a region");
    assert_eq!((call("eu-west-1/kinesis"), call("us-east-1/kinesis")), ("call", "other region"));
    let presigned = |region: &str| {
        let query = format!("X-Amz-Credential=a%2F20260101%2F{region}%2Flambda%2Faws4_request");
        let uri =
            format!("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}&X-Amz-SignedHeaders=host&X-Amz-Signature=0");
        outcome(&guard, "POST", &uri, HOST, &[])
    };
    assert_eq!((presigned("eu-west-1"), presigned("eu-west-2")), ("call", "other region"));
    assert_eq!(region.name(), "eu-west-1");
}

#[test]
fn an_unsigned_call_is_for_the_default_region() {
    let region = RegionCell::default();
    let access = Access { allows_unsigned: true, ..Access::default() };
    let guard = Guard::new(access, Arc::new(Iam::new(Account::default())), region.clone());
    assert_eq!(outcome(&guard, "POST", "/", HOST, &[FORM]), "call");
    assert_eq!(region.known().map(ToString::to_string).as_deref(), Some("us-east-1"));
}

#[test]
fn issued_keys_are_verified() {
    let iam = Arc::new(Iam::new(Account::default()));
    let issued = iam.issue("arn:aws:iam::000000000000:role/r", "f");
    let access = Access { allows_unsigned: true, ..Access::default() };
    let guard = Guard::new(access, iam.clone(), Account::default().region);
    let of = |credentials: &Credentials, token: Option<&str>| {
        let authorization = DEVELOPER.1.replace("local", &credentials.access_key_id);
        let mut request =
            Request::builder().uri(POST).header("host", HOST).header("authorization", authorization);
        if let Some(token) = token {
            request = request.header("x-amz-security-token", token);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        guard.admit(&parts).map(|admitted| admitted.proof.verify(&parts, HOST, b""))
    };
    let unknown = || Refusal::Unproven(Unproven::UnknownKey);
    assert_eq!(of(&issued, None), Err(unknown()));
    assert_eq!(of(&issued, Some("another token")), Err(unknown()));
    // Its signature is 0; what is rightly signed passes in identity/signature/tests.rs.
    assert_eq!(of(&issued, Some(&issued.session_token)), Ok(Err(Unproven::WrongSignature)));
    iam.revoke(&issued.access_key_id);
    assert_eq!(of(&issued, Some(&issued.session_token)), Err(unknown()));
}
