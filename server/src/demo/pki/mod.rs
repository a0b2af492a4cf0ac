//! The training PKI: a root, an issuing authority, certificates of people and agencies, an OCSP responder, certificate
//! lists and a time-stamping authority, all made by the demo and served by the program itself under `/pki`.
//!
//! Nothing here has legal value, and every subject says so: "HUẤN LUYỆN". The shape is that of the real thing, so that
//! what works against it works against the state's authorities: ECDSA P-256, addresses of OCSP, lists and issuer in each
//! certificate, delegated responder (RFC 6960 section 4.2.2.2), critical time-stamping purpose (RFC 3161 section 2.3).

mod asn1;
mod authority;
mod certificate;
mod ocsp;
mod revocation_list;
mod routes;
mod time_stamp;

pub use authority::{Authority, Issued, Package, Revocation};
pub use certificate::{Holder, HolderKind, Standing};
pub use routes::routes;

/// Why the training PKI could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its file cannot be read or written.
    #[error("the training PKI's file: {0}")]
    File(#[from] std::io::Error),
    /// Its file is not one that this program wrote.
    #[error("malformed: the training PKI's file: {0}")]
    Malformed(String),
    /// A certificate, list or key could not be made or read.
    #[error("misuse: certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Something could not be written as ASN.1.
    #[error("misuse: ASN.1: {0}")]
    Asn1(#[from] der::Error),
    /// A key could not be packed as PKCS#12.
    #[error("misuse: PKCS#12: {0}")]
    Pkcs12(String),
}
