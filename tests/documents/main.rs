//! The way of a document, as browsers take it: from upload to verification, on both databases; who is refused; what bad
//! files get.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authorities;
mod ballots;
mod beside;
mod copies;
mod crowd;
mod drafting;
mod fanout;
mod filing;
mod following;
mod forwarding;
mod handling;
mod joint;
mod judges;
mod lookup;
mod meeting;
mod minutes;
mod numbers;
mod outside;
mod paper;
mod preservation;
mod recall;
mod refusals;
mod registers;
mod report;
mod search;
mod sequences;
mod story;
mod trust;
mod waiting;
