//! Cryptographic Message Syntax (RFC 5652) as signatures and time-stamps carry it.
//!
//! Tolerant where the field is and nothing is lost: BER indefinite lengths, signed attributes out of order (the
//! signature is verified over the bytes as they stand, re-tagged as a SET). Strict where attacks live: exactly one
//! SignerInfo, each attribute once, zero padding alone behind the element.

mod attribute;
pub mod ber;
pub mod oid;
#[cfg(test)]
mod properties;
mod signed_data;
pub mod time;
mod time_stamp;

pub use attribute::{Attribute, CertificateHash};
pub(crate) use signed_data::integer;
pub use signed_data::{AlgorithmIdentifier, SignedData, SignerIdentifier, SignerInfo};
pub use time_stamp::TimeStamp;
