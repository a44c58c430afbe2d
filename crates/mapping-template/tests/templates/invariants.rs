//! Invariants for any input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::common::frame;
use mapping_template::{Scope, Template, limits};

const EVENT: &str = r#"#set($payload = $input.json('$'))
#set($event = "{""payload"":$payload,""connectionId"":""$context.connectionId""}")
$util.base64Encode($event)"#;

/// JSON text of any shape, with blanks wherever JSON allows them.
fn json_text() -> impl Strategy<Value = String> {
    let blank = "[ \\n\\t]{0,2}";
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text can be written as JSON")),
        "\"(\\\\u[0-9a-d][0-9a-f]{3}|\\\\/|[ a$#'])*\"",
    ];
    scalar.prop_recursive(6, 60, 5, move |inner| {
        let spaced =
            (blank, inner, blank).prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (any::<String>(), blank, spaced.clone()).prop_map(|(key, blank, value)| {
            format!("{}{blank}:{value}", serde_json::to_string(&key).expect("text can be written as JSON"))
        });
        prop_oneof![
            prop::collection::vec(spaced, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|items| format!("{{{}}}", items.join(","))),
        ]
    })
}

/// Parts of templates in any order.
// long: a grammar, whose rules refer to each other
fn template_like() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "#set(",
        "#if(",
        "#elseif(",
        "#else",
        "#end",
        "#foreach(",
        "#define(",
        "#macro(",
        "#stop",
        "#break",
        "#{else}",
        "$a",
        "$b",
        "${a",
        "$!{b",
        "}",
        "$input.json('$')",
        "$input.path('$')",
        "$input.params()",
        "$context",
        "$context.identity.",
        "$util.base64Encode(",
        "$util.parseJson(",
        "$foreach.index",
        ".put('k',",
        ".replaceAll('a*',",
        ".substring(",
        ".add(",
        ".keySet()",
        "'",
        "\"",
        "\"\"",
        "(",
        ")",
        "[",
        "]",
        "{",
        ":",
        ",",
        "=",
        "==",
        "&&",
        " || ",
        " + ",
        "-",
        "*",
        "/",
        "%",
        "!",
        "<",
        ">=",
        "..",
        " in ",
        "1",
        "0",
        "-1",
        "2.5",
        "1e9",
        "true",
        "null",
        "not ",
        "\\",
        "\\\\",
        "##",
        "#*",
        "*#",
        "#[[",
        "]]#",
        "\n",
        " ",
        "é",
        "😀",
        "$",
        "#",
        "x",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

/// Statements that parse, so that most cases are rendered.
fn program() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        prop::sample::select(vec![
            "$a",
            "$b",
            "1",
            "-7",
            "2.5",
            "'text'",
            "\"<$a>\"",
            "[1,$a,'x']",
            "{'k':$b}",
            "[3..-3]",
            "[$a..3]",
            "true",
            "$input.path('$')",
            "$context",
            "$b.k",
            "$a[0]",
            "$a.size()",
            "$b.put('k',$a)",
            "$a.add($b)",
            "$b.keySet()",
            "$a.replaceAll('[a-z]','$0$0')",
            "$util.escapeJavaScript($a)",
            "$input.json('$..k')",
            "$foreach.count",
            "$b.putAll($input.path('$'))",
            "$a.equals($b)",
            "$b.hashCode()",
            "$a.subList(0, $a.size())",
            "$a.format('%5s %d', $b, 7)",
            "$b.entrySet()",
            "$a.split($b)",
        ])
        .prop_map(str::to_owned),
    ];
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">", "&&", "||"]);
    let expression = prop_oneof![
        value.clone(),
        (value.clone(), operator, value.clone()).prop_map(|(a, o, b)| format!("{a} {o} {b}"))
    ];
    let statement = prop_oneof![
        (prop::sample::select(vec!["$a", "$b", "$b.k", "$a[0]"]), expression.clone())
            .prop_map(|(t, e)| format!("#set({t} = {e})")),
        prop::sample::select(vec!["$a ", "$b ", "text ", "#{stop}", "#{break}"]).prop_map(str::to_owned),
    ];
    statement.prop_recursive(4, 40, 6, move |inner| {
        let block = prop::collection::vec(inner, 0..6).prop_map(|parts| parts.concat());
        prop_oneof![
            block.clone(),
            (expression.clone(), block.clone(), block.clone())
                .prop_map(|(e, a, b)| format!("#if({e}){a}#{{else}}{b}#{{end}}")),
            (value.clone(), block.clone()).prop_map(|(v, b)| format!("#foreach($a in {v}){b}#{{end}}")),
            block.prop_map(|b| format!("#define($a){b}#{{end}}")),
        ]
    })
}

/// Renders the template if it parses; it must not panic.
fn exercise(template: &str, body: &str) {
    let Ok(parsed) = Template::parse(template) else { return };
    if let Ok(rendered) = parsed.render(&Scope::new(body, &frame())) {
        assert!(rendered.text.len() <= limits::RENDERED_BYTES_MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_survives_the_reference_template(body in json_text()) {
        let rendered = Template::parse(EVENT).unwrap().render(&Scope::new(&body, &frame())).unwrap().text;
        let event = String::from_utf8(STANDARD.decode(rendered).unwrap()).unwrap();
        let minified = json_text::minify(&body).expect("it is JSON").into_owned();
        prop_assert_eq!(&event, &format!("{{\"payload\":{minified},\"connectionId\":\"Qyi07eCbtjMCJKw=\"}}"));
        // An independent reader finds both equal. It fails for numbers beyond a double and for lone surrogates.
        if let Ok(read) = serde_json::from_str::<serde_json::Value>(&body) {
            prop_assert_eq!(read, serde_json::from_str::<serde_json::Value>(&minified).unwrap());
        }
    }

    #[test]
    fn minify_takes_what_serde_json_takes(text in prop_oneof![json_text(), "[\\[\\]{}:,\" 0-9eE.+\\-tfnrual\\\\]{0,12}"]) {
        match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
            Ok(_) => prop_assert!(json_text::minify(&text).is_some()),
            Err(error) => prop_assert!(json_text::minify(&text).is_none(), "{} but taken", error),
        }
    }

    #[test]
    fn minify_is_idempotent(body in json_text()) {
        let once = json_text::minify(&body).expect("it is JSON").into_owned();
        prop_assert_eq!(json_text::minify(&once).expect("it is JSON"), std::borrow::Cow::Borrowed(once.as_str()));
    }

    #[test]
    fn any_text_is_a_json_string_or_json(body in any::<String>()) {
        let rendered = Template::parse("$input.json('$')").unwrap().render(&Scope::new(&body, &())).unwrap().text;
        prop_assert!(json_text::minify(&rendered).is_some());
        if !body.is_empty() && json_text::minify(&body).is_none() {
            prop_assert_eq!(serde_json::from_str::<String>(&rendered).unwrap(), body);
        }
    }

    #[test]
    fn escaped_text_is_a_json_string(body in "[^']*") {
        let template = Template::parse("\"$util.escapeJavaScript($input.body)\"").unwrap();
        let rendered = template.render(&Scope::new(&body, &())).unwrap().text;
        let expected = if body.is_empty() { "{}" } else { &body };
        prop_assert_eq!(serde_json::from_str::<String>(&rendered).unwrap(), expected);
    }

    #[test]
    fn text_without_marks_renders_unchanged(text in "[^$#\\\\]*") {
        prop_assert_eq!(Template::parse(&text).unwrap().render(&Scope::new("", &())).unwrap().text, text);
    }

    #[test]
    fn arbitrary_text_never_panics(template in any::<String>(), body in any::<String>()) {
        exercise(&template, &body);
    }

    #[test]
    fn template_parts_in_any_order_never_panic(template in template_like(), body in json_text()) {
        exercise(&template, &body);
    }

    #[test]
    fn programs_parse_and_end(template in program(), body in json_text()) {
        prop_assert!(Template::parse(&template).is_ok(), "{}", Template::parse(&template).unwrap_err());
        exercise(&template, &body);
    }
}
