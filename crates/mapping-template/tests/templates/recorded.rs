//! Recorded results of AWS, case by case: `tests/recorded/*.json`, each file named after its source.
//!
//! A case has a template, its result on AWS, and its input: either `variables`, which `#set` assigns before the template
//! as in the recordings, or the `body` of the message and, if needed, a `context`.

use mapping_template::{Node, Scope, Template};
use serde_json::Value;

use crate::common::{air, frame};

const AIRSPEED: &str = include_str!("../recorded/airspeed.json");
const LOCALSTACK: &str = include_str!("../recorded/localstack.json");

/// Replaces each run of blanks by one blank, as in some recordings.
fn normalized(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rendered(case: &Value) -> String {
    let template = case["template"].as_str().expect("a case has a template");
    let Some(body) = case["body"].as_str() else { return air(template, &case["variables"].to_string()) };
    let mut context = frame();
    for (name, value) in case["context"].as_object().into_iter().flatten() {
        context = context
            .with(name, Node::Text(value.as_str().expect("a context value is text").to_owned().into()));
    }
    let parsed = Template::parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
    let rendered = parsed.render(&Scope::new(body, &context));
    rendered.unwrap_or_else(|error| panic!("{template}: {error}")).text
}

/// Renders every case of a file; returns their number and the differences.
fn differences(recorded: &str) -> (usize, Vec<String>) {
    let groups: Vec<Value> = serde_json::from_str(recorded).expect("the recordings are JSON");
    let mut count = 0;
    let mut wrong = Vec::new();
    for group in &groups {
        for case in group["cases"].as_array().expect("a group has cases") {
            count += 1;
            let answer = case["answer"].as_str().expect("a case has AWS's answer");
            let ours = rendered(case);
            let same = if case["blanks"].is_string() {
                normalized(&ours) == normalized(answer)
            } else {
                ours == answer
            };
            if !same {
                wrong.push(format!(
                    "{}: {}\n  AWS:  {answer:?}\n  ours: {ours:?}",
                    group["about"], case["template"]
                ));
            }
        }
    }
    (count, wrong)
}

#[test]
fn airspeed_recordings_are_satisfied() {
    let (count, wrong) = differences(AIRSPEED);
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(count, 198 + 5, "198 renders, and 5 of templates whose directives AWS does not run");
}

#[test]
fn localstack_recordings_are_satisfied() {
    let (count, wrong) = differences(LOCALSTACK);
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count >= 30, "{count} renders");
}
