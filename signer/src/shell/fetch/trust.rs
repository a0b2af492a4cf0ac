//! The roots by which servers of HTTPS are trusted. They say nothing of signatures: those have anchors of their own.

use std::path::Path;

use ureq::tls::Certificate;

use crate::error::{Error, Result};

/// Roots beside those of the system.
#[derive(Debug, Default)]
pub struct Roots {
    given: Vec<Certificate<'static>>,
}

impl Roots {
    /// The certificates of a PEM or DER file.
    ///
    /// # Errors
    /// *Refused*: a file that cannot be read; *malformed*: one that holds no certificate.
    pub fn of_file(file: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(file).map_err(|e| Error::refused("file", format!("{}: {e}", file.display())))?;
        let mut given = Vec::new();
        if bytes.starts_with(b"\x30") {
            given.push(Certificate::from_der(&bytes).to_owned());
        } else {
            for pem in x509_parser::pem::Pem::iter_from_buffer(&bytes) {
                let pem = pem.map_err(|e| Error::malformed("TLS roots", e.to_string()))?;
                given.push(Certificate::from_der(&pem.contents).to_owned());
            }
        }
        if given.is_empty() {
            return Err(Error::malformed("TLS roots", "the file holds no certificate"));
        }
        Ok(Self { given })
    }

    /// The system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, and those given.
    pub(super) fn all(&self) -> Vec<Certificate<'static>> {
        // What of the system cannot be read is not trusted; a server that needed it is refused with the reason.
        let system = rustls_native_certs::load_native_certs();
        let system = system
            .certs
            .iter()
            .map(|one| Certificate::from_der(one).to_owned());
        system.chain(self.given.iter().cloned()).collect()
    }
}
