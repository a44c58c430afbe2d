//! Any filter pattern with any record: parsing and matching end, and a duplicate filter changes nothing.
//!
//! An input is a pattern, then a line `====`, and a record's data.

#![no_main]

use libfuzzer_sys::fuzz_target;
use emulator::services::lambda::event_source_mapping::filter::Filters;

#[path = "../src/record.rs"]
mod record;

fuzz_target!(|input: &str| {
    let (pattern, data) = input.split_once("\n====\n").unwrap_or((input, "{}"));
    let Ok(filters) = Filters::parse(&[pattern.to_owned()]) else { return };
    let record = record::of(data);
    let subject = record::subject(&record);
    let matches = filters.matches(&subject);
    let twice = Filters::parse(&[pattern.to_owned(), pattern.to_owned()]).expect("it was read once");
    assert_eq!(twice.matches(&subject), matches);
});
