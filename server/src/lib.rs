//! The program `hoian`: one binary with which a province meets and signs.
//!
//! Dependencies point one way: `main → app → {api, jobs, net, demo} → conference, custody, render → media,
//! store → domain`; `clock` and `config` are leaves.

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
pub mod jobs;
pub mod media;
pub mod net;
pub mod render;
pub mod secret;
pub mod store;
