//! Worlds without deliberate bugs.

use super::{sim, text};

/// Everything else stands on this: a seed that was broken yesterday is the same world today.
#[test]
fn a_seed_is_one_world_in_every_process() {
    let together = sim(&["--seeds", "20", "--hash"]);
    assert!(together.status.success(), "{}", text(&together.stderr));
    let apart: String = (0..20)
        .map(|seed: u64| {
            let output = sim(&["--seed", &seed.to_string(), "--hash"]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            text(&output.stdout).to_owned()
        })
        .collect();
    assert_eq!(text(&together.stdout), apart);
    let different = apart.lines().filter_map(|line| line.split(' ').next_back());
    assert_eq!(different.collect::<std::collections::BTreeSet<_>>().len(), 20);
}

#[test]
fn honest_worlds_are_in_order() {
    let output = sim(&["--from", "20", "--seeds", "40"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let line = text(&output.stdout);
    assert!(line.starts_with("40 seeds, "), "{line}");
}

#[test]
fn every_event_is_told_on_demand() {
    let silent = sim(&["--seed", "1"]);
    let told = sim(&["--seed", "1", "--trace"]);
    assert_eq!(text(&silent.stderr), "");
    assert!(text(&told.stderr).lines().count() > 100);
}
