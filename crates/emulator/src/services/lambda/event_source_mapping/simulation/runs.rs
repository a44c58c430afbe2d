//! Runs of the simulation, each from a seed that is printed.

use super::{Counts, Simulation};

/// Runs a seed, which it prints before and, after a failure, again.
fn simulate(seed: u64, records: usize, burst: usize) -> Counts {
    println!("seed {seed}: {records} records");
    let mut simulation = Simulation::new(seed, burst);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| simulation.run(records)));
    if let Err(panic) = result {
        println!("seed {seed} does not hold: run it again with SIMULATION_SEED={seed}");
        std::panic::resume_unwind(panic);
    }
    simulation.counts
}

fn seed() -> u64 {
    std::env::var("SIMULATION_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random)
}

/// Over random sequences no record is lost, no order inverted, no checkpoint too far.
#[test]
fn no_record_is_lost_no_order_inverted_and_no_checkpoint_too_far() {
    let first = seed();
    let mut all = Counts::default();
    for seed in first..first.saturating_add(24) {
        let counts = simulate(seed, 1_500, 4);
        all.reshardings += counts.reshardings;
        all.crashes += counts.crashes;
        all.given_up += counts.given_up;
    }
    assert!(
        all.reshardings > 0 && all.crashes > 0 && all.given_up > 0,
        "the runs were too quiet to prove anything"
    );
}

/// The same with a million records a run; `SIMULATION_RUNS` chooses how many runs.
#[test]
#[ignore = "takes minutes: .ci/full runs it"]
fn a_million_records_a_run() {
    let runs = std::env::var("SIMULATION_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3);
    let first = seed();
    for seed in first..first.saturating_add(runs) {
        let begun = std::time::Instant::now();
        let Counts { handed_over, given_up, filtered, reshardings, restarts, crashes } =
            simulate(seed, 1_000_000, 60);
        println!(
            "seed {seed}: handed over {handed_over}, given up {given_up}, filtered {filtered}, reshardings {reshardings}, restarts {restarts} of which crashes {crashes}, in {:.1} s",
            begun.elapsed().as_secs_f64()
        );
    }
}
