//! Uniform failure quarantines nobody, one bad connection is found, an outage is no evidence.

use super::*;
use crate::jitter::Jitter;
use crate::limits::OUTCOMES_MAX;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// So many connections' records are handled at once, 5 ms from one to the next; the time after the last.
fn clean(health: &mut Health, records: u64, start: Instant) -> Instant {
    for n in 0..records {
        health.succeed(&format!("healthy-{}", n % 50), true, start + ms(5 * n));
    }
    start + ms(5 * records)
}

/// Attempts at one connection, 10 ms apart, until it is quarantined or has failed so often.
fn fail_until_quarantined(
    health: &mut Health,
    connection: &str,
    start: Instant,
    attempts: u32,
) -> Option<u32> {
    (1..=attempts).find(|attempt| {
        let now = start + ms(10) * *attempt;
        health.fail(connection, *attempt == 1, now) == Standing::Quarantined
    })
}

#[test]
fn a_bad_connection_among_healthy_ones_is_found_and_cleared_by_a_success() {
    let mut health = Health::default();
    let now = clean(&mut health, 100, Instant::now());
    assert_eq!(health.fail("bad", true, now), Standing::Suspect);
    assert_eq!(fail_until_quarantined(&mut health, "bad", now, 10), Some(4), "with the one before, five");
    let now = now + ms(100);
    assert!(health.is_quarantined("bad", now));
    assert_eq!(health.fail("bad", true, now), Standing::Quarantined, "at once, with its next record");
    health.succeed("bad", true, now);
    assert_eq!(health.fail("bad", true, now + ms(1)), Standing::Suspect, "the count begins again");
}

#[test]
fn a_quarantine_ends_by_itself() {
    let mut health = Health::default();
    let now = clean(&mut health, 100, Instant::now());
    assert_eq!(fail_until_quarantined(&mut health, "bad", now, 10), Some(5));
    let last = now + ms(50);
    assert!(health.is_quarantined("bad", last + QUARANTINE_TIME - ms(1)));
    assert!(!health.is_quarantined("bad", last + QUARANTINE_TIME));
}

#[test]
fn bad_connections_do_not_excuse_each_other() {
    let mut health = Health::default();
    let now = clean(&mut health, 100, Instant::now());
    let bad = ["bad-1", "bad-2", "bad-3"];
    for attempt in 0..15 {
        let now = now + ms(10 * attempt);
        // Others get through meanwhile.
        for n in 0..4 {
            health.succeed(&format!("healthy-{n}"), true, now);
        }
        for connection in bad {
            health.fail(connection, attempt == 0, now);
        }
    }
    assert!(bad.iter().all(|connection| health.is_quarantined(connection, now + ms(150))));
}

#[test]
fn where_nobody_is_known_or_others_succeeded_long_ago_nobody_is_quarantined() {
    let mut health = Health::default();
    let start = Instant::now();
    assert_eq!(fail_until_quarantined(&mut health, "only", start, 500), None);
    let now = clean(&mut health, 100, start) + OTHERS_WITHIN;
    assert_eq!(fail_until_quarantined(&mut health, "late", now, 500), None);
}

/// Everything was well; then nothing is. Those in flight, and those that follow, are kept out of it.
#[test]
fn an_outage_quarantines_nobody_but_perhaps_the_first_to_meet_it() {
    let mut health = Health::default();
    let start = clean(&mut health, 200, Instant::now());
    let mut quarantined = Vec::new();
    for attempt in 0..40 {
        for connection in 0..16 {
            let (name, now) = (format!("healthy-{connection}"), start + ms(25 * attempt));
            if health.fail(&name, attempt == 0, now) == Standing::Quarantined {
                quarantined.push(name);
            }
        }
    }
    assert_eq!(quarantined, Vec::<String>::new(), "a batch of 16 in flight");

    // One record a batch: the first cannot know, the ones behind it can.
    let mut health = Health::default();
    let mut now = clean(&mut health, 200, Instant::now());
    for connection in 0..20 {
        let name = format!("healthy-{connection}");
        let found = fail_until_quarantined(&mut health, &name, now, 30);
        assert!(found.is_none() || connection == 0, "{name} was quarantined");
        now += ms(310);
    }
}

/// What an outage did is not held against a connection that fails once after it.
#[test]
fn failures_in_an_outage_do_not_count_after_it() {
    let mut health = Health::default();
    let mut now = clean(&mut health, 200, Instant::now());
    for attempt in 0..30 {
        for connection in 0..16 {
            health.fail(&format!("healthy-{connection}"), attempt == 0, now + ms(25 * attempt));
        }
    }
    now = clean(&mut health, 0, now + ms(800));
    for n in 1..80 {
        health.succeed(&format!("healthy-{}", n % 50), true, now + ms(n));
    }
    assert_ne!(health.fail("healthy-0", true, now + ms(90)), Standing::Quarantined);
}

/// 20 connections in batches of 16, 2,000 records for each rate: by design a millionth of the streaks is misjudged.
#[test]
fn where_all_fail_alike_nobody_is_quarantined() {
    for percent in [10_u32, 20, 30, 40, 50, 60, 70, 80, 90, 95] {
        let chance = Jitter::seeded(u64::from(percent));
        let mut health = Health::default();
        let mut now = Instant::now();
        for batch in 0..125 {
            // A record's attempts so far; the batch is over when none is left.
            let mut key_queues: Vec<(usize, u32)> = (0..16).map(|n| ((batch + n) % 20, 0)).collect();
            while !key_queues.is_empty() {
                now += ms(10);
                key_queues.retain_mut(|(connection, attempts)| {
                    let (name, first) = (connection.to_string(), *attempts == 0);
                    *attempts += 1;
                    if chance.next() * 100.0 >= f64::from(percent) {
                        health.succeed(&name, first, now);
                        return false;
                    }
                    let standing = health.fail(&name, first, now);
                    assert_ne!(standing, Standing::Quarantined, "{percent} %, after {attempts} attempts");
                    *attempts < 10
                });
            }
        }
    }
}

/// Even where one call in ten fails for everybody, one for which all do is found.
#[test]
fn a_bad_connection_among_unsteady_ones_is_found() {
    for seed in 0..100 {
        let chance = Jitter::seeded(seed);
        let mut health = Health::default();
        let start = Instant::now();
        for n in 0..100 {
            let (name, now) = (format!("other-{}", n % 50), start + ms(5 * n));
            if chance.next() < 0.1 {
                health.fail(&name, true, now);
                health.succeed(&name, false, now);
            } else {
                health.succeed(&name, true, now);
            }
        }
        let found = fail_until_quarantined(&mut health, "bad", start + ms(500), 20);
        assert!(found.is_some_and(|failures| failures <= 16), "seed {seed}: {found:?}");
    }
}

#[test]
fn memory_is_bounded() {
    let mut health = Health::default();
    let now = clean(&mut health, 100, Instant::now());
    for n in 0..5 * STREAKS_MAX {
        let _ = fail_until_quarantined(&mut health, &n.to_string(), now, 6);
    }
    assert!(health.recent.len() <= OUTCOMES_MAX);
}
