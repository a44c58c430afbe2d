use super::*;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http::Request;
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

/// From the test suite that AWS publishes with Signature Version 4.
const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SUITE_HOST: &str = "example.amazonaws.com";

fn suite(method: &str, uri: &str, signature: &str) -> Parts {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={signature}"
    );
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("host", SUITE_HOST)
        .header("x-amz-date", "20150830T123600Z")
        .header("authorization", authorization);
    request.body(()).unwrap().into_parts().0
}

#[test]
fn signatures_of_aws_own_test_suite_are_accepted() {
    for (method, uri, signature) in [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ] {
        let request = suite(method, uri, signature);
        let claim = Claim::read(&request).unwrap().unwrap();
        assert_eq!(claim.access_key_id, "AKIDEXAMPLE");
        let is_made_with = |secret: &str, body: &[u8]| {
            claim.is_made_with(&SigningKeys::new(secret.into()), &request, SUITE_HOST, body)
        };
        assert!(is_made_with(SUITE_SECRET, b""), "{method} {uri}");
        assert!(!is_made_with("another secret", b""), "{method} {uri}");
        assert!(!is_made_with(SUITE_SECRET, b"another body"), "{method} {uri}");
    }
}

#[test]
fn a_signature_lacks_nothing_or_there_is_none() {
    let read = |authorization: &str| {
        let request = Request::builder().header("authorization", authorization).body(()).unwrap();
        Claim::read(&request.into_parts().0).map(|claim| claim.map(|claim| claim.access_key_id))
    };
    let whole = "AWS4-HMAC-SHA256 Credential=k/20260101/r/s/aws4_request, SignedHeaders=host, Signature=0";
    assert_eq!(read(whole), Ok(Some("k".into())));
    assert_eq!(read(&whole.replace(", ", ",")), Ok(Some("k".into())));
    for none in ["", "Basic eDp5", "Bearer x", "AWS k:x", "Credential=k/20260101/r/s/aws4_request"] {
        assert_eq!(read(none), Ok(None), "{none}");
    }
    for incomplete in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=k/20260101/r/s/aws4_request",
        "AWS4-HMAC-SHA256 Credential=k/20260101/r/s/aws4_request, SignedHeaders=host, Signature=",
        "AWS4-HMAC-SHA256 Credential=k/20260101/r/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=/20260101/r/s/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=k, SignedHeaders=host, Signature=0",
    ] {
        assert_eq!(read(incomplete), Err(Incomplete), "{incomplete}");
    }
}

/// A request as AWS's own signer signs it, in its headers or in its query.
fn signed(secret: &str, uri: &str, header: &str, body: &[u8], in_query: bool) -> Parts {
    let credentials = Credentials::new("ASIAEXAMPLE", secret, Some("to+ken/=".into()), None, "tests");
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    if in_query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(60));
    } else if body.len().is_multiple_of(2) {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("execute-api")
        .time(UNIX_EPOCH + Duration::from_secs(1_800_000_000))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let mut request = Request::builder().method("POST").uri(uri).header("x-note", header).body(()).unwrap();
    let signable =
        SignableRequest::new("POST", uri, [("x-note", header)].into_iter(), SignableBody::Bytes(body))
            .unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request.into_parts().0
}

proptest! {
    #[test]
    fn what_aws_own_signer_signs_is_accepted_and_nothing_else(
        secret in "[a-z0-9]{40}",
        path in "(/[a-zA-Z0-9@=%._~-]{0,6}){1,4}",
        query in "([a-zA-Z]{1,3}=[a-zA-Z0-9~._-]{0,4}(&[a-zA-Z]{1,3}=[a-zA-Z0-9]{0,4})?)?",
        header in "[a-z]{1,4}( {1,3}[a-z]{1,4}){0,2}",
        body in prop::collection::vec(any::<u8>(), 0..64),
        in_query: bool,
    ) {
        // As clients send them: encoded once.
        let path = path.replace('%', "%25");
        let mut uri = format!("http://127.0.0.1:4566{path}");
        if !query.is_empty() {
            uri = format!("{uri}?{query}");
        }
        let request = signed(&secret, &uri, &header, &body, in_query);
        let claim = Claim::read(&request).unwrap().unwrap();
        prop_assert_eq!(claim.session_token.as_deref(), Some("to+ken/="));
        let keys = SigningKeys::new(secret);
        let host = "127.0.0.1:4566";
        for _ in 0..2 {
            prop_assert!(claim.is_made_with(&keys, &request, host, &body), "{:?}", request);
        }
        prop_assert!(!claim.is_made_with(&keys, &request, "127.0.0.1:4567", &body));
        prop_assert!(!claim.is_made_with(&SigningKeys::new("other".into()), &request, host, &body));
        let other_body = [&body[..], b"x"].concat();
        prop_assert!(!claim.is_made_with(&keys, &request, host, &other_body));
        let mut other = request;
        other.method = http::Method::DELETE;
        prop_assert!(!claim.is_made_with(&keys, &other, host, &body));
    }
}
