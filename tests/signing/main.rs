//! Signing from outside: what the writer may never change, on every form of file, and what it must refuse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod command;
mod contract;
mod deferred;
mod desk;
mod files;
mod keys;
mod looks;
mod outputs;
mod places;
mod refusals;
mod seeds;
mod steps;
mod tls;
mod tokens;

use hoian_signer::pdf::form::{Alignment, Face, NewField};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::shell::clock;
use hoian_signer::validate::{Policy, Report, Verdict, validate};
use hoian_tests::forms::{FORMS, blank, hybrid, large, qpdf, run, with_field};
use hoian_tests::{fixture, paper};

fn judge(document: &[u8], password: Option<&str>) -> Report {
    let mut policy = Policy::new(clock::now());
    policy.trust_embedded = true;
    policy.password = password.map(str::to_owned);
    validate(document, &policy)
}

fn passes(document: &[u8], what: &str) {
    let report = judge(document, None);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{what}: {report:#?}");
}

fn text_field(name: &str, width: f64) -> NewField {
    let rect = Rect {
        x: 60.0,
        y: 700.0,
        width,
        height: 14.4,
    };
    NewField::Text {
        name: name.into(),
        place: Place { page: 1, rect },
        font_size: 13.0,
        face: Face::Regular,
        alignment: Alignment::Left,
    }
}
