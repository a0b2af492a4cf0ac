//! The program `hoian`: one binary with which a province meets and signs.
//!
//! Dependencies point one way: `main → command → app → {api, demo} → {accounts, jobs, doctor} → parts → conference → {net, custody} →
//! {identity, mail, media, render, store} → {domain, password, secret, tls} → {clock, config, fail_point, pool}`.

pub mod accounts;
pub mod api;
pub mod app;
pub mod clock;
pub mod conference;
pub mod config;
pub mod custody;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod fail_point;
pub mod identity;
pub mod jobs;
pub mod mail;
pub mod media;
pub mod net;
pub mod parts;
pub mod password;
pub mod pool;
pub mod render;
pub mod scheduling;
pub mod secret;
pub mod store;
pub mod tls;
