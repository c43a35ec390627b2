//! The deterministic simulation over many seeds.
//!
//! `SIMULATION_SEEDS` says how many, `SIMULATION_FIRST_SEED` where they begin; `SIMULATION_SEED` runs
//! one and prints everything that happens in it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sightings;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use reliability::simulation::{self, Verdict};
use sightings::Sightings;

/// From so many seeds on everything must have been met that the simulation is there for.
const SEEDS_TO_MEET_ALL: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// The verdict in words: what broke, and how to see it again.
fn explain(verdict: &Verdict) -> String {
    let violations: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
    format!(
        "seed {}: {}\nto see it again: SIMULATION_SEED={} cargo test -p reliability --test simulation -- --nocapture",
        verdict.seed,
        violations.join("\n"),
        verdict.seed
    )
}

#[test]
fn what_is_promised_holds_for_every_seed() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let verdict = simulation::run(seed, None);
        eprintln!("{}", verdict.trace.join("\n"));
        assert!(verdict.violations.is_empty(), "{}", explain(&verdict));
        return;
    }
    let first = number("SIMULATION_FIRST_SEED").unwrap_or(1);
    let seeds = number("SIMULATION_SEEDS").unwrap_or(2_000);
    let (next, sightings) = (AtomicU64::new(first), Mutex::new(Sightings::default()));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first + seeds {
                            return;
                        }
                        let verdict = simulation::run(seed, None);
                        sightings.lock().unwrap().add(&verdict);
                        if !verdict.violations.is_empty() {
                            next.store(u64::MAX / 2, Ordering::Relaxed); // the others stop too
                            panic!("{}", explain(&verdict));
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no seed breaks a promise");
        }
    });
    let sightings = sightings.into_inner().unwrap();
    eprintln!("{seeds} seeds from {first}, nothing broken\n{sightings}");
    if seeds >= SEEDS_TO_MEET_ALL {
        assert_eq!(sightings.never_met(), Vec::<&str>::new());
    }
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    for seed in 1..=60 {
        let (once, again) = (simulation::run(seed, None), simulation::run(seed, None));
        for (line, (a, b)) in once.trace.iter().zip(&again.trace).enumerate() {
            assert_eq!(a, b, "seed {seed}, line {line}");
        }
        assert_eq!(once.trace.len(), again.trace.len(), "seed {seed}");
        assert_eq!(once.fingerprint, again.fingerprint, "seed {seed}: a call that the trace leaves out");
    }
}
