//! The report of a run: how each step went, and what was seen of the ledger's open questions beside what the emulator
//! answers.

use super::redact::Redactor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write as _;

/// The version of these fields.
pub const FORMAT: u32 = 1;
/// Lines kept of a step that failed, from its end; of others, those that say what was checked.
const LINES_MAX: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
    Skipped,
    Interrupted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    pub outcome: Outcome,
    pub seconds: u64,
    /// What it printed, as far as it matters.
    pub lines: Vec<String>,
}

/// One question of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub id: String,
    pub question: String,
    /// The entries of the ledger that it is about, as `file/id`.
    pub rows: Vec<String>,
    /// What the probe saw, or why it did not ask.
    pub seen: Value,
    /// The same of the emulator.
    pub emulator: Value,
    pub agrees: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub format: u32,
    pub version: String,
    /// `aws`, or `emulator` for a rehearsal.
    pub target: String,
    pub region: String,
    pub steps: Vec<Step>,
    pub answers: Vec<Answer>,
    /// What still exists.
    pub left: Vec<String>,
}

/// A step of its output, without what must not be sent.
pub fn step(name: &str, outcome: Outcome, seconds: u64, output: &str, redactor: &Redactor) -> Step {
    let is_result = |line: &&str| {
        let line = line.trim_start();
        ["ok ", "differs", "skipped", "-- ", "!! ", "test ", "target:", "error", "Error"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines: Vec<_> = match outcome {
        Outcome::Passed => output.lines().filter(is_result).collect(),
        _ => output.lines().collect(),
    };
    let from = if outcome == Outcome::Passed { 0 } else { lines.len().saturating_sub(LINES_MAX) };
    let lines = lines[from..].iter().map(|line| redactor.clean(line)).collect();
    Step { name: name.to_owned(), outcome, seconds, lines }
}

/// The probe's answers beside the emulator's, from the files that the probe writes.
pub fn answers(probed: &Value, decided: &Value) -> Vec<Answer> {
    let ours = |id: &Value| {
        let mut all = decided["answers"].as_array().into_iter().flatten();
        all.find(|answer| answer["id"] == *id).map(outcome).unwrap_or_default()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let probed = probed["answers"].as_array().into_iter().flatten();
    probed
        .map(|answer| {
            let (seen, emulator) = (outcome(answer), ours(&answer["id"]));
            Answer {
                id: text(&answer["id"]),
                question: text(&answer["question"]),
                rows: answer["rows"].as_array().into_iter().flatten().map(text).collect(),
                agrees: seen == emulator,
                seen,
                emulator,
            }
        })
        .collect()
}

fn outcome(answer: &Value) -> Value {
    let names = ["seen", "not_asked", "failed"];
    let found = names.iter().find(|name| !answer[**name].is_null());
    found.map(|name| serde_json::json!({ *name: answer[*name] })).unwrap_or_default()
}

impl Report {
    pub fn has_passed(&self) -> bool {
        self.left.is_empty() && self.steps.iter().all(|step| step.outcome == Outcome::Passed)
    }

    /// The report as Markdown.
    pub fn render(&self) -> String {
        let mut text = format!(
            "# Sluicegate {} on {} ({})\n\n| step | outcome | seconds |\n|---|---|---|\n",
            self.version, self.target, self.region
        );
        for step in &self.steps {
            let _ = writeln!(text, "| {} | {} | {} |", step.name, name(step.outcome), step.seconds);
        }
        for left in &self.left {
            let _ = write!(text, "\n**Left: {left}**\n");
        }
        let asked = self.answers.iter().filter(|answer| !answer.seen["seen"].is_null()).count();
        let differing: Vec<_> = self
            .answers
            .iter()
            .filter(|answer| !answer.agrees && answer.seen["not_asked"].is_null())
            .collect();
        let _ = write!(
            text,
            "\n## The ledger's questions\n\n{asked} of {} have an answer; {} differ from the emulator's.\n",
            self.answers.len(),
            differing.len()
        );
        for Answer { id, question, rows, seen, emulator, .. } in differing {
            let _ = write!(
                text,
                "\n- **{id}** ({}): {question}\n  - seen: `{seen}`\n  - emulator: `{emulator}`\n",
                rows.join(", ")
            );
        }
        for step in &self.steps {
            let _ = write!(text, "\n## {}\n\n```\n{}\n```\n", step.name, step.lines.join("\n"));
        }
        text
    }
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Skipped => "skipped",
        Outcome::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Report {
        let answer =
            |id: &str, seen: Value| json!({"id": id, "question": "q", "rows": ["gateway/x"], "seen": seen});
        let probed = json!({"answers": [answer("same", json!([1])), answer("other", json!([2])), {"id": "late", "not_asked": "hours"}]});
        let decided = json!({"answers": [answer("other", json!([3])), answer("same", json!([1]))]});
        let output = "noise\n  ok  a message of 123456789012\n  differs: y\nmore noise";
        let step = step("check", Outcome::Passed, 3, output, &Redactor::default());
        Report {
            format: FORMAT,
            version: "0.1.0".into(),
            target: "aws".into(),
            region: "eu-west-1".into(),
            steps: vec![step],
            answers: answers(&probed, &decided),
            left: Vec::new(),
        }
    }

    #[test]
    fn answers_stand_beside_the_emulators() {
        let report = report();
        let agrees: Vec<_> =
            report.answers.iter().map(|answer| (answer.id.as_str(), answer.agrees)).collect();
        assert_eq!(agrees, [("same", true), ("other", false), ("late", false)]);
        let text = report.render();
        assert!(text.contains("2 of 3 have an answer; 1 differ"), "{text}");
        assert!(text.contains("- **other** (gateway/x): q\n  - seen: `{\"seen\":[2]}`"), "{text}");
        let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn a_step_keeps_what_it_checked_or_why_it_failed() {
        let report = report();
        assert_eq!(report.steps[0].lines, ["  ok  a message of {account}", "  differs: y"]);
        let long = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let failed = step("deploy", Outcome::Failed, 1, &long, &Redactor::default());
        assert_eq!((failed.lines.len(), failed.lines[39].as_str()), (LINES_MAX, "99"));
        assert!(report.has_passed());
        assert!(!Report { left: vec!["the stack".into()], ..report.clone() }.has_passed());
        assert!(!Report { steps: vec![failed], ..report }.has_passed());
    }
}
