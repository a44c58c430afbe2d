//! Any template with any body and context: parsing and rendering end within their limits, with the same result twice.
//!
//! An input is a template, then a line `====`, a body, and again `====` and a value in `$context`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mapping_template::{ContextTree, Node, Scope, Template, limits};

const SEPARATOR: &str = "\n====\n";

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, SEPARATOR);
    let mut part = || parts.next().unwrap_or_default();
    let (source, body, value) = (part(), part(), part());
    let Ok(template) = Template::parse(source) else { return };
    assert_eq!(template.source(), source);
    let context = ContextTree::new()
        .with("connectionId", Node::Text(value.to_owned().into()))
        .with("authorizer.principalId", Node::Text(value.to_owned().into()))
        .with("requestTimeEpoch", Node::Number(1_708_326_702_790));
    let scope = Scope::new(body, &context);
    let rendered = template.render(&scope);
    if let Ok(rendered) = &rendered {
        assert!(rendered.text.len() <= limits::RENDERED_BYTES_MAX);
    }
    // A reused buffer: its content is kept, and an error adds nothing.
    let mut text = "before".to_owned();
    let again = template.render_into(&scope, &mut text);
    match (rendered, again) {
        (Ok(rendered), Ok(_)) => assert_eq!(text.strip_prefix("before"), Some(rendered.text.as_str())),
        (Err(_), Err(_)) => assert_eq!(text, "before"),
        (first, again) => panic!("first {first:?}, then {again:?}"),
    }
});
