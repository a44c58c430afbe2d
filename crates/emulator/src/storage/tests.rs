//! The log against what was written to it: whole, torn, damaged, rolled over and reclaimed.

use super::entry::{Entry, Head, KeptRecord, NewRecord};
use super::log::Log;
use super::*;
use proptest::prelude::*;
use std::fs;

#[derive(Debug, Clone)]
enum Change {
    Record { stream: usize, shard: u32, data: String },
    Set { key: usize, value: String },
    Unset { key: usize },
    Forget { stream: usize },
}

const STREAMS: [&str; 2] = ["events", "other"];
const KEYS: [&str; 3] = ["stream/events", "stream/other", "checkpoint/a"];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..2_usize, 0..3_u32, "[a-z]{0,40}")
            .prop_map(|(stream, shard, data)| Change::Record { stream, shard, data }),
        2 => (0..3_usize, "[a-z]{0,20}").prop_map(|(key, value)| Change::Set { key, value }),
        1 => (0..3_usize).prop_map(|key| Change::Unset { key }),
        1 => (0..2_usize).prop_map(|stream| Change::Forget { stream }),
    ]
}

/// Frames of one or several changes.
fn frames() -> impl Strategy<Value = Vec<Vec<Change>>> {
    prop::collection::vec(prop::collection::vec(change(), 1..4), 0..24)
}

/// What should be read back.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    head: Head,
    records: Vec<KeptRecord>,
}

impl Expected {
    fn apply(&mut self, entry: &Entry<'_>) {
        self.head.apply(entry);
        match entry {
            Entry::Record(record) => self.records.push(record.into()),
            Entry::Forget { stream } => self.records.retain(|record| record.stream != *stream),
            _ => {}
        }
    }
}

fn entry<'a>(change: &'a Change, sequence_number: &'a str, arrived_ms: u64) -> Entry<'a> {
    match change {
        Change::Record { stream, shard, data } => Entry::Record(NewRecord {
            stream: STREAMS[*stream],
            shard: *shard,
            sequence_number,
            partition_key: "key",
            data,
            arrived_ms,
        }),
        Change::Set { key, value } => Entry::Set { key: KEYS[*key], value },
        Change::Unset { key } => Entry::Unset { key: KEYS[*key] },
        Change::Forget { stream } => Entry::Forget { stream: STREAMS[*stream] },
    }
}

/// Writes frames and calls `after` after each; returns what should be read after 0, 1, 2 … of them.
fn write(log: &mut Log, frames: &[Vec<Change>], mut after: impl FnMut(usize, &mut Log)) -> Vec<Expected> {
    let mut states = vec![Expected::default()];
    for (index, frame) in frames.iter().enumerate() {
        let sequence_number = format!("{index:056}");
        let entries: Vec<_> =
            frame.iter().map(|change| entry(change, &sequence_number, index as u64)).collect();
        log.append(&entries).unwrap();
        let mut state = states[index].clone();
        entries.iter().for_each(|entry| state.apply(entry));
        states.push(state);
        after(index, log);
    }
    states
}

fn reopen(folder: &Path) -> Result<Expected, StorageError> {
    let (log, records) = Log::open(folder)?;
    Ok(Expected { head: log.head().clone(), records })
}

fn only_segment(folder: &Path) -> PathBuf {
    folder.join("0000000000000001.log")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_appended_is_read_again(frames in frames(), rolls in prop::collection::vec(any::<bool>(), 24)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open(folder.path()).unwrap();
        let states = write(&mut log, &frames, |index, log| if rolls[index] { log.roll().unwrap() });
        drop(log);
        prop_assert_eq!(&reopen(folder.path()).unwrap(), states.last().unwrap());
    }

    #[test]
    fn a_torn_end_is_cut_off_and_written_over(
        frames in frames(), more in frames(), cut in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open(folder.path()).unwrap();
        let mut ends = vec![0];
        let states = write(&mut log, &frames, |_, _| {
            ends.push(fs::metadata(only_segment(folder.path())).unwrap().len());
        });
        drop(log);
        let cut = cut.index(*ends.last().unwrap() as usize + 1) as u64;
        fs::File::options().write(true).open(only_segment(folder.path())).unwrap().set_len(cut).unwrap();
        let whole = ends.iter().rposition(|end| *end <= cut).unwrap();

        let torn = fs::read(only_segment(folder.path())).unwrap()[ends[whole] as usize..].to_vec();
        let (mut log, records) = Log::open(folder.path()).unwrap();
        let found = Expected { head: log.head().clone(), records };
        prop_assert_eq!(&found, &states[whole]);
        let kept = fs::read(folder.path().join(format!("0000000000000001.cut-{}", ends[whole])));
        prop_assert_eq!(kept.unwrap_or_default(), torn);
        let mut expected = found;
        for state in more.iter().flatten() {
            let entry = entry(state, "7", 7);
            log.append(&[entry]).unwrap();
            expected.apply(&entry);
        }
        drop(log);
        prop_assert_eq!(reopen(folder.path()).unwrap(), expected);
    }

    #[test]
    fn what_is_reclaimed_is_past_keeping_and_the_rest_stays(
        frames in frames(), rolls in prop::collection::vec(any::<bool>(), 24), kept_from_ms in 0..24_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open(folder.path()).unwrap();
        let states = write(&mut log, &frames, |index, log| if rolls[index] { log.roll().unwrap() });
        log.reclaim(|_, newest_ms| newest_ms < kept_from_ms).unwrap();
        drop(log);
        let found = reopen(folder.path()).unwrap();
        let expected = states.last().unwrap();
        prop_assert_eq!(&found.head, &expected.head);
        let kept = |records: &[KeptRecord]| -> Vec<KeptRecord> {
            records.iter().filter(|record| record.arrived_ms >= kept_from_ms).cloned().collect()
        };
        prop_assert_eq!(kept(&found.records), kept(&expected.records));
        prop_assert!(found.records.iter().all(|record| expected.records.contains(record)));
    }
}

#[test]
fn segments_go_when_their_records_are_past_keeping() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path()).unwrap();
    let frames = vec![vec![Change::Record { stream: 0, shard: 0, data: "x".into() }]; 3];
    write(&mut log, &frames, |_, log| log.roll().unwrap());
    assert_eq!(log.reclaim(|_, newest_ms| newest_ms < 2).unwrap(), 2);
    assert!(!only_segment(folder.path()).exists());
    drop(log);
    let found = reopen(folder.path()).unwrap();
    assert_eq!(found.records.len(), 1);
    assert_eq!(found.head.tails["events"][&0], format!("{:056}", 2));
}

#[test]
fn a_folder_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path()).unwrap();
    let refused = Log::open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains(&format!("is in use by process {}", std::process::id())), "{refused}");
    log.close();
    assert!(matches!(log.append(&[Entry::Unset { key: "a" }]), Err(StorageError::Broken(_))));
    Log::open(folder.path()).map(drop).unwrap();
}

#[test]
fn a_folder_of_another_format_or_of_other_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("format"), "2\n").unwrap();
    let refused = Log::open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("holds data of format 2") && refused.contains("--data-dir"), "{refused}");

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "").unwrap();
    let refused = Log::open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("holds files and no emulator's data"), "{refused}");
    assert!(!folder.path().join("format").exists());
}

#[test]
fn a_lost_format_beside_data_is_not_a_new_folder() {
    for content in [None, Some(""), Some(" \n")] {
        let folder = tempfile::tempdir().unwrap();
        drop(Log::open(folder.path()).unwrap());
        let format = folder.path().join("format");
        match content {
            None => fs::remove_file(&format).unwrap(),
            Some(content) => fs::write(&format, content).unwrap(),
        }
        let refused = Log::open(folder.path()).map(drop).unwrap_err();
        assert!(matches!(&refused, StorageError::FormatLost(file) if *file == format), "{refused}");
    }
}
