//! `$util` (docs/aws-behaviour.md#template-util).

use crate::common::{air, problem, refused, render};
use mapping_template::Problem;

#[test]
fn base64() {
    assert_eq!(render("$util.base64Encode('héllo') $util.base64Decode('aMOpbGxv')", ""), "aMOpbGxv héllo");
    assert_eq!(
        render("$util.base64Encode($input.path('$.n')) [$util.base64Encode($none)]", r#"{"n":1.0}"#),
        "MS4w []"
    );
    assert!(matches!(problem("$util.base64Decode('*')", ""), Problem::Argument { .. }));
}

#[test]
fn url_encoding_is_form_style() {
    assert_eq!(
        render("$util.urlEncode('a b&é/~*') $util.urlDecode('a+b%26%C3%A9')", ""),
        "a+b%26%C3%A9%2F%7E* a b&é"
    );
    assert!(matches!(problem("$util.urlDecode('%4')", ""), Problem::Argument { .. }));
}

#[test]
fn escape_java_script_escapes_single_quotes() {
    assert_eq!(render("$util.escapeJavaScript($input.body)", "it's"), r"it\'s");
    assert_eq!(
        render(r#"$util.escapeJavaScript($input.body).replaceAll("\\'","'")"#, "it's \"x\""),
        r#"it's \"x\""#
    );
}

#[test]
fn escape_java_script_escapes_as_commons_text() {
    assert_eq!(
        render("$util.escapeJavaScript($input.body)", "a/é😀\n\u{1}\u{7f}\\"),
        "a\\/\\u00E9\\uD83D\\uDE00\\n\\u0001\u{7f}\\\\"
    );
}

#[test]
fn parse_json_yields_a_value() {
    assert_eq!(air("$a.b[0].c $a", r#"{"a":{"b":[{"c":"d"}]}}"#), r#"d {b=[{"c":"d"}]}"#);
    assert_eq!(
        render("#set($o = $util.parseJson(\"{\"\"k\"\":\"\"$context.routeKey\"\"}\"))$o.k", ""),
        "$default"
    );
    assert!(matches!(problem("$util.parseJson('{')", ""), Problem::Argument { .. }));
}

#[test]
fn app_sync_functions_are_refused() {
    for call in ["qr($x.put(1, 2))", "toJson({})", "defaultIfNull($x, 1)", "time.nowISO8601()", "error('x')"]
    {
        let error = refused(&format!("$util.{call}")).to_string();
        assert!(error.contains("of $util is not supported: it has base64Decode, base64Encode"), "{error}");
    }
}
