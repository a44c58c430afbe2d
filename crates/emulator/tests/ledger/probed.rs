//! What the probe asks: all that the ledger is unsure of. And what AWS answered, where its answers are there, is what
//! this emulator answers, or a difference that an entry's decision owns.

use super::{Mark, entries, folder};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// What this emulator answers: written by the probe, and held true by the Terraform tier of the tests.
const LOCAL: &str = "decided.json";
/// What AWS answered: there once somebody with an account has run the probe.
const AWS: &str = "probed.json";

#[derive(Debug, Clone, Deserialize)]
struct Fixture {
    target: String,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Answer {
    id: String,
    rows: Vec<String>,
    template: Option<String>,
    sent: String,
    /// One of `seen`, `not_asked` and `failed`, with all that is in it.
    #[serde(flatten)]
    outcome: BTreeMap<String, Value>,
}

impl Answer {
    /// What came of it, without what is for people.
    fn outcome(&self) -> BTreeMap<&str, &Value> {
        let is_outcome = |name: &&str| matches!(*name, "seen" | "not_asked" | "failed");
        self.outcome
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| is_outcome(name))
            .collect()
    }
}

fn fixture(name: &str) -> Option<Fixture> {
    let text = std::fs::read_to_string(folder().join(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn local() -> Fixture {
    let local = fixture(LOCAL).expect("the probe's answers of the emulator are in the ledger's folder");
    assert_eq!(local.target, "emulator", "{LOCAL} is not the emulator's");
    local
}

/// What is wrong between two targets' answers: each difference that nobody owns, and each that is owned and is none.
fn differences(aws: &[Answer], local: &[Answer], owned: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for ours in local {
        let Some(theirs) = aws.iter().find(|theirs| theirs.id == ours.id) else { continue };
        if (&theirs.template, &theirs.sent) != (&ours.template, &ours.sent) {
            wrong.push(format!("{}: AWS was asked something else; run the probe again", ours.id));
            continue;
        }
        match (theirs.outcome() == ours.outcome(), owned.contains(&ours.id)) {
            (true, false) | (false, true) => {}
            (true, true) => {
                wrong.push(format!("{}: an entry owns a difference, and there is none", ours.id));
            }
            (false, false) => wrong.push(format!(
                "{} ({}): AWS: {:?}; here: {:?}. Change the emulator, or let the entry's decision own it (owns)",
                ours.id,
                ours.rows.join(", "),
                theirs.outcome(),
                ours.outcome()
            )),
        }
    }
    wrong
}

/// The questions whose differences an entry owns.
fn owned() -> BTreeSet<String> {
    entries().into_iter().flat_map(|(_, entry)| entry.owns).collect()
}

#[test]
fn every_question_answers_entries_that_there_are() {
    let known: BTreeSet<_> = entries().iter().map(|(file, entry)| format!("{file}/{}", entry.id)).collect();
    let mut ids = BTreeSet::new();
    for answer in local().answers {
        assert!(ids.insert(answer.id.clone()), "{} stands twice", answer.id);
        assert!(!answer.rows.is_empty(), "{} answers nothing", answer.id);
        for row in &answer.rows {
            assert!(known.contains(row), "{} answers {row}, and there is no such entry", answer.id);
        }
    }
}

#[test]
fn what_is_unsure_is_asked_or_says_why_not() {
    let answers = local().answers;
    let asked: BTreeSet<_> = answers.iter().flat_map(|answer| &answer.rows).collect();
    let mut wrong = Vec::new();
    for (file, entry) in entries() {
        let row = format!("{file}/{}", entry.id);
        // What is not imitated at all has nothing to be asked about.
        let is_imitated = entry.left_out.is_none() || entry.decision.is_some();
        let is_open = matches!(entry.mark, Mark::Unsure | Mark::Single) && is_imitated;
        match (asked.contains(&row), entry.unasked.as_deref()) {
            (true, None) => {}
            (false, None) if !is_open => {}
            (false, Some(why)) if is_open && !why.is_empty() => {}
            (true, Some(_)) => wrong.push(format!("{row} says why it is not asked, and is")),
            (false, Some(_)) => wrong.push(format!("{row} needs no reason to be left unasked")),
            (false, None) => wrong.push(format!("{row} is open: ask it in probe/, or say why not (unasked)")),
        }
        for id in &entry.owns {
            let is_its_own = answers.iter().any(|answer| answer.id == *id && answer.rows.contains(&row));
            if !is_its_own || entry.decision.is_none() {
                wrong.push(format!("{row} owns {id}: it needs a decision, and the question must name it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn aws_and_this_emulator_answer_alike() {
    let Some(aws) = fixture(AWS) else {
        let line =
            format!("\nNOT COMPARED WITH AWS: there is no {AWS} of a run of the probe (probe/README.md)\n");
        // Past the harness, which hides what a test prints that passes.
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    };
    assert_eq!(aws.target, "aws", "{AWS} is not AWS's");
    assert!(!aws.answers.is_empty(), "{AWS} holds no answer");
    let wrong = differences(&aws.answers, &local().answers, &owned());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each answer altered in turn is found, unless it is owned; an owned one that is not altered is found, too.
#[test]
fn the_comparison_finds_every_altered_answer() {
    let local = local().answers;
    let nobody = BTreeSet::new();
    assert_eq!(differences(&local, &local, &nobody), Vec::<String>::new());
    for index in 0..local.len() {
        let id = &local[index].id;
        let altered = |alter: &dyn Fn(&mut Answer)| {
            let mut aws = local.clone();
            alter(&mut aws[index]);
            aws
        };
        let seen = |answer: &mut Answer| {
            answer.outcome.clear();
            answer.outcome.insert("seen".into(), serde_json::json!([{"text": "something else"}]));
        };
        let failed = |answer: &mut Answer| {
            answer.outcome.clear();
            answer.outcome.insert("failed".into(), "no answer".into());
        };
        let sent = |answer: &mut Answer| answer.sent.push('!');
        let alterations: [&dyn Fn(&mut Answer); 3] = [&seen, &failed, &sent];
        for alter in alterations {
            let found = differences(&altered(alter), &local, &nobody);
            assert!(found.len() == 1 && found[0].starts_with(id.as_str()), "{id}: {found:?}");
        }
        let owned = BTreeSet::from([id.clone()]);
        assert_eq!(differences(&altered(&seen), &local, &owned), Vec::<String>::new());
        assert_eq!(differences(&local, &local, &owned).len(), 1);
        assert_eq!(differences(&altered(&sent), &local, &owned).len(), 1);
    }
}
