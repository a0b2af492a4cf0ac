//! What the caller trusts, knows and asks for.

use time::OffsetDateTime;

/// The rules of one validation.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Certificates trusted as roots, each with the regime it stands for.
    pub anchors: Vec<Anchor>,
    /// Certificates (DER) that may complete a chain but are not trusted by themselves.
    pub intermediates: Vec<Vec<u8>>,
    /// OCSP responses (DER) beside those embedded in the document.
    pub ocsp_responses: Vec<Vec<u8>>,
    /// Certificate revocation lists (DER) beside those embedded in the document.
    pub revocation_lists: Vec<Vec<u8>>,
    /// The moment to judge at. `None`: the proven signing time where a time-stamp proves one, otherwise `now`.
    pub at: Option<OffsetDateTime>,
    /// The present, by the caller's clock.
    pub now: OffsetDateTime,
    /// How much the revocation status weighs.
    pub revocation: Revocation,
    /// User or owner password of an encrypted document.
    pub password: Option<String>,
    /// Takes the top certificate found in each signature as anchor: judges integrity alone, never identity.
    pub trust_embedded: bool,
    /// Puts the certificates and answers at hand into the report: what a verifier in fifty years can check anew.
    pub keep_objects: bool,
}

impl Policy {
    /// A policy without anchors at `now`: nothing passes until an anchor is added.
    pub fn new(now: OffsetDateTime) -> Self {
        Self {
            anchors: Vec::new(),
            intermediates: Vec::new(),
            ocsp_responses: Vec::new(),
            revocation_lists: Vec::new(),
            at: None,
            now,
            revocation: Revocation::default(),
            password: None,
            trust_embedded: false,
            keep_objects: false,
        }
    }
}

/// A trusted certificate and the regime it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The regime named in the report, such as "chuyên dùng Chính phủ" or "công cộng".
    pub regime: String,
    /// From then on nothing new is trusted through it; a signature that is proven to have existed before remains. `None`:
    /// as long as the certificate lasts.
    pub trusted_until: Option<OffsetDateTime>,
}

impl Anchor {
    /// Trusted as long as the certificate (DER) lasts.
    pub fn new(certificate: Vec<u8>, regime: impl Into<String>) -> Self {
        Self {
            certificate,
            regime: regime.into(),
            trusted_until: None,
        }
    }
}

/// How much the revocation status weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revocation {
    /// An unknown status makes the signature INDETERMINATE.
    Require,
    /// An unknown status passes with [`super::Warning::RevocationUnknown`].
    #[default]
    IfAvailable,
    /// The status is not looked at.
    Ignore,
}
