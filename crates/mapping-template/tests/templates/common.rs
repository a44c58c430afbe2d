//! Helpers of the tests of templates.

use mapping_template::{ContextTree, Node, ParseError, Problem, RenderError, Scope, Template};

/// The context of a MESSAGE frame.
pub fn frame() -> ContextTree {
    ContextTree::new()
        .with("connectionId", Node::text("Qyi07eCbtjMCJKw="))
        .with("requestTimeEpoch", Node::Number(1_708_326_702_790))
        .with("identity.sourceIp", Node::text("192.0.2.1"))
        .with("identity.userAgent", Node::text("wscat"))
        .with("routeKey", Node::text("$default"))
}

/// Renders with a body and the frame's context.
pub fn render(template: &str, body: &str) -> String {
    try_render(template, body).unwrap_or_else(|error| panic!("{template}: {error}"))
}

/// Like [`render`], with the render error if there is one.
pub fn try_render(template: &str, body: &str) -> Result<String, RenderError> {
    let parsed = Template::parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
    parsed.render(&Scope::new(body, &frame())).map(|rendered| rendered.text)
}

/// The error of a rendering.
pub fn problem(template: &str, body: &str) -> Problem {
    try_render(template, body).expect_err(template).problem
}

/// The parse error of a template.
pub fn refused(template: &str) -> ParseError {
    Template::parse(template).expect_err(template)
}

/// Renders as the recordings of docs/aws-behaviour.md#template-language were made: the variables are the members of a
/// JSON object, each assigned by `#set` on a line before the template.
pub fn air(template: &str, variables: &str) -> String {
    let names: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(variables).expect("variables are a JSON object");
    let sets: Vec<String> = names.keys().map(|name| format!("#set(${name} = $bodyJSON.{name})")).collect();
    let head = "#set($body = $input.body)\n#set($bodyJSON = $util.parseJson($body)) ";
    render(&format!("{head}{}\n{template}", sets.join(" ")), variables)
}

/// Checks rows of a template, its variables and the recorded result.
pub fn air_table(rows: &[(&str, &str, &str)]) {
    for (template, variables, expected) in rows {
        assert_eq!(air(template, variables), *expected, "{template} with {variables}");
    }
}
