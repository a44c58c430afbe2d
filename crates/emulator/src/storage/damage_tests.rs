//! Issue 16, C2: whatever byte of a data folder changes, nothing acknowledged is lost silently, and a repair saves
//! every other record.

use super::entry::{Entry, KeptRecord, NewRecord};
use super::log::Log;
use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use std::fs;

/// Random damages, each to a copy of one folder.
const DAMAGES: u32 = 200;
const FRAMES: usize = 60;
/// Frames of a segment.
const ROLL_EVERY: usize = 25;

/// Writes a log of several segments; returns the sequence numbers of each frame.
fn write(folder: &Path) -> Vec<Vec<String>> {
    let (mut log, _) = Log::open(folder).unwrap();
    let mut frames = Vec::new();
    for frame in 0..FRAMES {
        // PutRecords writes several at once.
        let numbers: Vec<_> =
            (0..1 + frame % 3).map(|record| format!("{:056}", frame * 10 + record)).collect();
        let mut entries = vec![Entry::Set { key: "mapping/f a/0", value: &numbers[0] }];
        entries.extend(numbers.iter().map(|sequence_number| {
            Entry::Record(NewRecord {
                stream: "events",
                shard: 0,
                sequence_number,
                partition_key: "key",
                data: "eyJ4IjoxfQ==",
                arrived_ms: 1_700_000_000_000 + frame as u64,
            })
        }));
        log.append(&entries).unwrap();
        frames.push(numbers);
        if frame % ROLL_EVERY == ROLL_EVERY - 1 {
            log.roll().unwrap();
        }
    }
    log.close();
    frames
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "log")).collect();
    segments.sort();
    segments
}

fn read(folder: &Path) -> Result<BTreeSet<String>, StorageError> {
    let (_, records) = Log::open(folder)?;
    Ok(records.into_iter().map(|record: KeptRecord| record.sequence_number).collect())
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_changed_byte_is_refused_by_name_and_the_rest_is_saved() {
    let whole = tempfile::tempdir().unwrap();
    let frames = write(whole.path());
    let all: BTreeSet<_> = frames.iter().flatten().cloned().collect();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(DAMAGES));
    let damages = (0..3_usize, any::<prop::sample::Index>(), 1..=u8::MAX);
    let damage = |(segment, at, flip): (usize, prop::sample::Index, u8)| {
        let folder = tempfile::tempdir().unwrap();
        copy(whole.path(), folder.path());
        let file = segments(folder.path())[segment].clone();
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        fs::write(&file, &bytes).unwrap();

        let refused = read(folder.path()).unwrap_err();
        let said = refused.to_string();
        let StorageError::Damaged { file: named, at: from, .. } = refused else { panic!("{said}") };
        prop_assert_eq!(&named, &file);
        prop_assert!(
            from <= at && said.contains(&format!("at byte {from}")) && said.contains("--repair"),
            "{}",
            said
        );
        prop_assert_eq!(&fs::read(&file).unwrap(), &bytes, "a refusal changes nothing");

        let repair = Repair::look(folder.path()).unwrap();
        let plan = repair.to_string();
        prop_assert!(plan.contains(&format!("from byte {from} on")), "{}", plan);
        prop_assert_eq!(&fs::read(&file).unwrap(), &bytes, "looking changes nothing");
        let kept = repair.apply().unwrap();
        prop_assert_eq!(kept.len(), 1);
        let aside = fs::read(&kept[0]).unwrap();
        prop_assert_eq!(&aside, &bytes[from..from + aside.len()]);

        let saved = read(folder.path()).unwrap();
        let lost: BTreeSet<_> = all.difference(&saved).cloned().collect();
        // All of one frame, or only positions of shards, which the records contain too.
        let is_one_frame = frames.iter().any(|frame| frame.iter().cloned().collect::<BTreeSet<_>>() == lost);
        prop_assert!(lost.is_empty() || is_one_frame, "{lost:?}");
        prop_assert!(saved.is_subset(&all));
        prop_assert!(Repair::look(folder.path()).unwrap().is_whole());
        Ok(())
    };
    runner.run(&damages, damage).unwrap();
}

#[test]
fn a_missing_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let second = segments(folder.path())[1].clone();
    fs::remove_file(&second).unwrap();
    let refused = read(folder.path()).unwrap_err();
    assert!(matches!(&refused, StorageError::Missing(file) if *file == second), "{refused}");
    // The repair that it names.
    fs::write(&second, "").unwrap();
    assert!(!read(folder.path()).unwrap().is_empty());
}

#[test]
fn other_files_are_refused_by_name_or_of_no_effect() {
    let whole = tempfile::tempdir().unwrap();
    write(whole.path());
    let all = read(whole.path()).unwrap();
    for (name, byte, is_refused) in
        [("format", b'2', true), ("format", 0xFF, true), ("format", b' ', true), ("lock", 0xFF, false)]
    {
        let folder = tempfile::tempdir().unwrap();
        copy(whole.path(), folder.path());
        let file = folder.path().join(name);
        let mut bytes = fs::read(&file).unwrap();
        bytes[0] = byte;
        fs::write(&file, bytes).unwrap();
        match read(folder.path()) {
            Ok(found) => assert!(!is_refused && found == all, "{name}"),
            Err(error) => {
                assert!(
                    is_refused && error.to_string().contains(&folder.path().display().to_string()),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn two_changed_bytes_cost_two_frames() {
    let folder = tempfile::tempdir().unwrap();
    let frames = write(folder.path());
    let file = segments(folder.path())[0].clone();
    let mut bytes = fs::read(&file).unwrap();
    bytes[20] ^= 1;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let repair = Repair::look(folder.path()).unwrap();
    assert!(repair.to_string().contains("seems to hold what is kept under mapping/f a/0"), "{repair}");
    assert_eq!(repair.apply().unwrap().len(), 2);
    let saved = read(folder.path()).unwrap();
    let whole = frames.iter().filter(|frame| frame.iter().all(|number| saved.contains(number)));
    assert_eq!(whole.count(), FRAMES - 2);
}

#[test]
fn a_folder_that_is_not_there_is_not_made_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    assert!(matches!(Repair::look(&absent), Err(StorageError::Io { path, .. }) if path == absent));
    assert!(!absent.exists());
}
