//! Certificates and the paths between them (RFC 5280), judged at any moment.

pub mod algorithm;
mod certificate;
pub mod hasher;
mod path;

pub use certificate::{Certificate, KeyUsage, Locations, Name, locations};
pub use path::{Fault, Path, Purpose, Store, build};
