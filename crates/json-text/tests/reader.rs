//! What holds for any text, held against `serde_json`, which shares no code with this reader.

use json_text::{ArrayPart, Json, Kind, Token, minify, quote_into};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

/// JSON text as RFC 8259's grammar has it: halves of surrogate pairs, any digits, names that occur twice.
fn grammar() -> impl Strategy<Value = String> {
    let string = "\"([ a-zé😀\\]\\[{},:]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\u[dD][89a-fA-F][0-9a-f]{2}){0,6}\"";
    let number = "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,12})?";
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number,
        string
    ];
    let blank = "[ \\t\\r\\n]{0,2}";
    scalar.prop_recursive(8, 64, 5, move |inner| {
        let spaced =
            (blank, inner, blank).prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (blank, string, blank, spaced.clone())
            .prop_map(|(before, name, after, value)| format!("{before}{name}{after}:{value}"));
        let nested = (0..300_usize, spaced.clone())
            .prop_map(|(levels, value)| format!("{}{value}{}", "[".repeat(levels), "]".repeat(levels)));
        prop_oneof![
            prop::collection::vec(spaced, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
            nested,
        ]
    })
}

/// Near JSON: mostly not.
fn broken() -> impl Strategy<Value = String> {
    (grammar(), any::<prop::sample::Index>(), "[\\[\\]{}:,\" 0eE.+\\-tn\\\\u]{0,2}").prop_map(
        |(text, at, more)| {
            let at =
                text.char_indices().map(|(at, _)| at).nth(at.index(text.chars().count())).unwrap_or_default();
            format!("{}{more}{}", &text[..at], text[at..].chars().skip(1).collect::<String>())
        },
    )
}

/// A tree by way of [`Json`]'s own walk.
fn tree(json: Json<'_>) -> Value {
    match json.kind() {
        Kind::Null => Value::Null,
        Kind::Bool(value) => value.into(),
        Kind::Number(digits) => serde_json::from_str(digits).expect("a number that a double holds"),
        Kind::Text(text) => text.exact().expect("whole pairs").into(),
        Kind::Array => json.elements().map(tree).collect(),
        Kind::Object => Value::Object(
            json.members()
                .map(|(name, value)| (name.exact().expect("whole pairs").into_owned(), tree(value)))
                .collect(),
        ),
    }
}

/// The same text from its tokens, without blanks.
fn written(json: Json<'_>) -> String {
    let mut text = String::new();
    let mut open = Vec::new();
    for token in json.tokens() {
        if !matches!(token, Token::End) && !text.is_empty() && !text.ends_with(['[', '{', ':']) {
            text.push(',');
        }
        match token {
            Token::BeginArray => {
                open.push(']');
                text.push('[');
            }
            Token::BeginObject => {
                open.push('}');
                text.push('{');
            }
            Token::End => text.extend(open.pop()),
            Token::Name(name) => text.push_str(&format!("\"{}\":", name.as_raw())),
            Token::Null => text.push_str("null"),
            Token::Bool(value) => text.push_str(&value.to_string()),
            Token::Number(digits) => text.push_str(digits),
            Token::Text(string) => text.push_str(&format!("\"{}\"", string.as_raw())),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_grammar_makes_is_read(text in grammar()) {
        let json = Json::read(&text).unwrap();
        prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok());
        prop_assert_eq!(minify(&text).unwrap(), written(json));
        // Where the other reader can hold it, it is the same.
        if let Ok(theirs) = serde_json::from_str::<Value>(&text) {
            prop_assert_eq!(tree(json), theirs);
        }
    }

    /// Route selection's question: the member is found whatever stands beside it.
    #[test]
    fn a_member_is_found_beside_anything(before in grammar(), after in grammar(), name in "\"\\\\u[dD][89a-fA-F][0-9a-f]{2}\"|\"x\"") {
        let text = format!("{{{name}:{before},\"action\" : \"greeter\", {name}:{after}}}");
        let action = Json::read(&text).unwrap().member("action").unwrap();
        prop_assert!(action.is_text("greeter"));
    }

    #[test]
    fn json_is_what_another_reader_takes(text in prop_oneof![broken(), any::<String>()]) {
        let theirs = serde_json::from_str::<&RawValue>(&text);
        prop_assert_eq!(Json::read(&text).is_ok(), theirs.is_ok(), "{:?}", theirs);
        prop_assert_eq!(minify(&text).is_some(), theirs.is_ok());
        if let Err(error) = Json::read(&text) {
            prop_assert!(text.is_char_boundary(error.at.min(text.len())) && error.at <= text.len());
        }
    }

    #[test]
    fn any_value_reads_back(text in grammar()) {
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        let text = value.to_string();
        prop_assert_eq!(tree(Json::read(&text).unwrap()), serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn strings_compare_as_what_they_hold(one in "(\\\\u[dD][89a-fA-F][0-9a-f]{2}|[aé]|\\\\n){0,5}", two in any::<String>()) {
        let text = format!("\"{one}\"");
        let Kind::Text(raw) = Json::read(&text).unwrap().kind() else { panic!() };
        prop_assert_eq!(raw.exact().is_some(), serde_json::from_str::<String>(&text).is_ok());
        // Half of a pair stands in its bytes as what UTF-8 never has.
        prop_assert_eq!(raw.exact().is_some(), std::str::from_utf8(&raw.wtf8()).is_ok());
        if let Some(exact) = raw.exact() {
            prop_assert_eq!(raw.lossy(), exact.clone());
            prop_assert!(raw.is(&exact));
        } else {
            prop_assert!(!raw.is(&raw.lossy()));
        }
        let mut quoted = String::new();
        quote_into(&two, &mut quoted);
        prop_assert!(Json::read(&quoted).unwrap().is_text(&two));
    }

    /// Text that was never checked is walked without a panic, and the walk ends.
    #[test]
    fn walking_what_is_not_json_ends(text in prop_oneof![broken(), any::<String>()]) {
        let json = Json::of_valid(&text);
        let bound = text.len() + 1;
        prop_assert!(json.tokens().take(2 * bound).count() <= bound);
        prop_assert!(json.array_parts().take(2 * bound).count() <= bound);
        prop_assert!(json.elements().take(2 * bound).count() <= bound);
        prop_assert!(json.leaves().take(2 * bound).count() <= bound);
        let _ = (json.member("a").map(Json::as_str), json.kind());
    }
}

#[test]
fn parts_and_leaves_of_arrays() {
    let json = Json::read(r#" [ 1 , [ ] , [ [ "a,]" , {"b":[2]} ] ] , [ [ ] ] ] "#).unwrap();
    let leaves: Vec<_> = json.leaves().map(Json::as_str).collect();
    assert_eq!(leaves, ["1", "[]", r#""a,]""#, r#"{"b":[2]}"#, "[]"]);
    let commas = json.array_parts().filter(|part| matches!(part, ArrayPart::Comma)).count();
    assert_eq!(commas, 4);
    let itself: Vec<_> = Json::read("{\"a\":[1]}").unwrap().leaves().map(Json::as_str).collect();
    assert_eq!(itself, ["{\"a\":[1]}"]);
}

#[test]
fn the_place_where_a_text_stops_being_json_is_told() {
    for (text, at) in
        [("", 0), ("no", 0), ("{\"a\":1", 6), ("[1,]", 3), ("1 2", 2), ("\u{feff}{}", 0), ("\"\\x\"", 1)]
    {
        assert_eq!(Json::read(text).unwrap_err().at, at, "{text:?}");
    }
    assert_eq!(Json::read_bytes(b"\"\xff\"").unwrap_err().at, 1);
    assert_eq!(Json::read("[").unwrap_err().to_string(), "the text is not JSON from byte 1 on");
}
