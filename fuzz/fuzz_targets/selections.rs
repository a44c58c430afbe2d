//! Any selection expression over any body, and any JSONPath: they end, and give the same value twice.
//!
//! An input is an expression, then a line `====`, and a body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use local::gateway::selection::{SelectionExpression, Subject};
use serde_json::Value;

fuzz_target!(|input: &str| {
    let (expression, body) = input.split_once("\n====\n").unwrap_or((input, "{}"));
    let json: Option<Value> = serde_json::from_str(body).ok();
    if let Ok(parsed) = SelectionExpression::parse(expression) {
        let subject = Subject { body: json.as_ref(), status: Some(200), ..Subject::default() };
        assert_eq!(parsed.evaluate(subject), parsed.evaluate(subject));
        if !parsed.reads_body() {
            let bodiless = Subject { body: None, ..subject };
            assert_eq!(parsed.evaluate(subject), parsed.evaluate(bodiless), "{expression} reads the body");
        }
    }
    let selected = mapping_template::json::select_text(body, expression);
    assert!(selected.is_none() || mapping_template::json::minify(body).is_some());
    // What minifies is JSON, and once minified stays as it is.
    if let Some(minified) = mapping_template::json::minify(body) {
        assert_eq!(mapping_template::json::minify(&minified).as_deref(), Some(&*minified));
    }
});
