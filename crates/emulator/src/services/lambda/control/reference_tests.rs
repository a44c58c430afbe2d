use super::*;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
const UNKNOWN_QUALIFIER: &str =
    "The derived qualifier from the function name does not match the specified qualifier.";

fn read(form: NameForm, name: &str, qualifier: Option<&str>) -> Result<(String, Option<String>), String> {
    Reference::read(&Account::default(), form, name, qualifier)
        .map(|found| (found.name, found.qualifier))
        .map_err(|error| format!("{}: {}", error.code, error.message))
}

#[test]
fn every_form_of_a_name_is_read() {
    for (name, qualifier, expected) in [
        ("f", None, ("f", None)),
        ("f:1", None, ("f", Some("1"))),
        ("f", Some("live"), ("f", Some("live"))),
        ("f:live", Some("live"), ("f", Some("live"))),
        ("function:f:$LATEST", None, ("f", Some("$LATEST"))),
        ("000000000000:function:f", None, ("f", None)),
        ("000000000000:f:2", None, ("f", Some("2"))),
        ("us-east-1:000000000000:function:f", None, ("f", None)),
        (ARN, Some("valid-with-$"), ("f", Some("valid-with-$"))),
        // The ARN lacks its name, so that its last part is one.
        ("arn:aws:lambda:us-east-1:000000000000:function", None, ("function", None)),
    ] {
        let expected = (expected.0.to_owned(), expected.1.map(str::to_owned));
        assert_eq!(read(NameForm::Read, name, qualifier), Ok(expected), "{name} {qualifier:?}");
    }
}

fn value(member: &str, value: &str, constraint: &str) -> String {
    format!("Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}")
}

fn pattern(pattern: &str) -> String {
    format!("satisfy regular expression pattern: {pattern}")
}

fn one(text: String) -> String {
    format!("ValidationException: 1 validation error detected: {text}")
}

/// As AWS was recorded: docs/aws-behaviour.md#lambda-names-and-arns.
#[test]
fn malformed_names_are_refused_with_their_pattern() {
    for name in [
        "*",
        "my-function!",
        "invalid-account:function:f",
        "arn:aws:lambda:invalid-region:000000000000:function:f",
        "arn:aws:ec2:us-east-1:000000000000:instance:i-1",
        "arn:aws:lambda:us-east-1:000000000000:function:f:1:2",
        "function:f:$LATEST:extra",
        "arn:aws:lambda::000000000000:function:f",
        "arn:aws:lambda:us-east-1::function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f:$LATES",
        "arn:aws:lambda:us-east-1:123400000000@function:myfn",
    ] {
        for (form, known) in [(NameForm::Read, LOOSE), (NameForm::Delete, LOOSE), (NameForm::Write, STRICT)] {
            let expected = one(value("functionName", name, &pattern(known)));
            assert_eq!(read(form, name, None), Err(expected), "{name}");
        }
    }
}

/// As AWS was recorded: docs/aws-behaviour.md#lambda-names-and-arns.
#[test]
fn names_and_qualifiers_are_refused_as_recorded() {
    let long = "a".repeat(129);
    let (long, latest) = (long.as_str(), format!("{ARN}:$LATEST"));
    let invalid_region = format!("arn:aws:lambda:invalid-region:000000000000:function:{}", "a".repeat(170));
    let length = |chars: usize| format!("have length less than or equal to {chars}");
    for (form, name, qualifier, expected) in [
        (NameForm::Read, "f", Some("invalid!"), one(value("qualifier", "invalid!", &pattern(QUALIFIER)))),
        (NameForm::Read, "f", Some(long), one(value("qualifier", long, &length(128)))),
        (
            NameForm::Write,
            &invalid_region,
            None,
            format!(
                "ValidationException: 2 validation errors detected: {}; {}",
                value("functionName", &invalid_region, &length(140)),
                value("functionName", &invalid_region, &pattern(STRICT))
            ),
        ),
        (
            NameForm::Read,
            &latest,
            Some("1"),
            format!("InvalidParameterValueException: {UNKNOWN_QUALIFIER}"),
        ),
        (
            NameForm::Read,
            "arn:aws:lambda:eu-west-1:000000000000:function:f",
            None,
            "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
                .into(),
        ),
        (
            NameForm::Read,
            "f",
            Some("$LATEST.PUBLISHED"),
            "InvalidParameterValueException: Qualifier: $LATEST.PUBLISHED is not supported by the emulator".into(),
        ),
    ] {
        assert_eq!(read(form, name, qualifier), Err(expected), "{name} {qualifier:?}");
    }
    let foreign = read(NameForm::Write, "arn:aws:lambda:us-east-1:111111111111:function:f", None);
    assert!(foreign.is_err_and(|error| error.starts_with("AccessDeniedException: ")));
}
