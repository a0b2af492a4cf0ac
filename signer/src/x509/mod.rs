//! Certificates and the paths between them (RFC 5280), judged at any moment.

pub mod algorithm;
mod certificate;
mod constraint;
pub mod hasher;
mod name;
mod path;

pub use certificate::{Certificate, KeyUsage, Locations, locations};
pub use name::Name;
pub use path::{Anchor, Fault, Path, Purpose, Store, build};
