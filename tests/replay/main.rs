//! Every input that once crashed a fuzzer's target, and the seeds, run through the target again: none may panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_checked_in_input_is_taken_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/inputs");
    for (name, target) in targets::ALL {
        let mut inputs: Vec<_> = std::fs::read_dir(folder.join(name))
            .unwrap_or_else(|error| panic!("inputs of {name}: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has no input");
        for input in inputs {
            let bytes = std::fs::read(&input).expect("an input");
            let taken = std::panic::catch_unwind(|| target(&bytes));
            assert!(taken.is_ok(), "{name} panics on {}", input.display());
        }
    }
}

#[test]
fn every_folder_of_inputs_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/inputs");
    let entries = std::fs::read_dir(folder).expect("inputs");
    let folders: BTreeSet<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let names: BTreeSet<String> = targets::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, names);
}
