//! Any selection expression with any body: evaluation ends, and gives the same value twice.
//!
//! An input is an expression, then a line `====`, and a body.

#![no_main]

use json_text::{Json, minify};
use libfuzzer_sys::fuzz_target;
use emulator::services::apigateway::websocket::selection::{SelectionExpression, Subject};

fuzz_target!(|input: &str| {
    let (expression, body) = input.split_once("\n====\n").unwrap_or((input, "{}"));
    let json = Json::read(body).ok();
    if let Ok(parsed) = SelectionExpression::parse(expression) {
        let subject = Subject { body: json, status: Some(200), ..Subject::default() };
        assert_eq!(parsed.evaluate(subject), parsed.evaluate(subject));
        if !parsed.reads_body() {
            let bodiless = Subject { body: None, ..subject };
            assert_eq!(parsed.evaluate(subject), parsed.evaluate(bodiless), "{expression} reads the body");
        }
    }
    // Text that can be minified is JSON, and does not change when minified again.
    assert_eq!(minify(body).is_some(), json.is_some());
    if let Some(minified) = minify(body) {
        assert_eq!(minify(&minified).as_deref(), Some(&*minified));
    }
});
