//! The file that a run writes and the ledger's tests read.

use crate::seen::Seen;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// All answers of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixture {
    /// `aws` or `local`.
    pub target: String,
    /// When AWS was asked. The emulator's answers have no date, so that they are the same every day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// In the order of the questions.
    pub answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub id: String,
    pub question: String,
    /// The ledger's entries that it answers, as `file/id`.
    pub rows: Vec<String>,
    /// The mapping template that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    pub sent: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was asked, and this was seen.
    Seen(Vec<Seen>),
    /// It was not asked, for this reason.
    NotAsked(String),
    Failed(String),
}

impl Fixture {
    /// Writes it in a form for people and for line-by-line comparison.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let text = serde_json::to_string_pretty(self).context("an answer cannot be written as JSON")?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
    }

    /// The failures, by question.
    pub fn failures(&self) -> Vec<String> {
        let failure = |answer: &Answer| match &answer.outcome {
            Outcome::Failed(why) => Some(format!("{}: {why}", answer.id)),
            _ => None,
        };
        self.answers.iter().filter_map(failure).collect()
    }
}
