//! Digest and signature of one CMS (EN 319 102-1 clause 5.2.7).

use std::borrow::Cow;

use time::OffsetDateTime;

use super::covered::Covered;
use super::format::SubFilter;
use super::report::SubIndication;
use crate::cms::{CertificateHash, SignedData, SignerIdentifier, SignerInfo, oid};
use crate::error::{Error, Result};
use crate::x509::Certificate;
use crate::x509::algorithm::{self, Digest, Failure, earlier};

/// A signature whose mathematics hold.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) certificate: Certificate,
    pub(super) digest: Digest,
    /// From when the digest or key that took part proves nothing any more.
    pub(super) weak_from: Option<OffsetDateTime>,
    pub(super) has_certificate_hash: bool,
}

/// Why the mathematics do not hold.
pub(super) type Refusal = (SubIndication, String);

fn format(error: &Error) -> Refusal {
    (SubIndication::FormatFailure, error.to_string())
}

/// Verifies the digest of `covered` and the signature over it. `candidates` may complete the embedded certificates.
pub(super) fn check(
    data: &SignedData,
    sub_filter: SubFilter,
    covered: &Covered<'_>,
    candidates: &[Certificate],
) -> Result<Checked, Refusal> {
    let signer = &data.signer;
    let digest = Digest::of(&signer.digest_algorithm.algorithm).map_err(|error| match error {
        Error::Unsupported { .. } => (SubIndication::CryptoConstraintsFailure, error.to_string()),
        _ => format(&error),
    })?;
    let hash = match (&data.content, sub_filter) {
        (None, SubFilter::Cades | SubFilter::Detached) => covered.digest(digest),
        (Some(content), SubFilter::Sha1) => {
            if *content != covered.digest(Digest::Sha1) {
                return Err((
                    SubIndication::HashFailure,
                    "the document's digest differs".to_owned(),
                ));
            }
            digest.hash(&[content])
        }
        (Some(content), SubFilter::TimeStamp) => digest.hash(&[content]),
        (Some(_), _) => {
            return Err((
                SubIndication::FormatFailure,
                "a detached CMS has content".to_owned(),
            ));
        }
        (None, _) => return Err((SubIndication::FormatFailure, "the CMS has no content".to_owned())),
    };
    agreement(data).map_err(|error| format(&error))?;
    let certificate = signing_certificate(data, candidates)?;
    let signed = signed(data, covered, &hash, &certificate)?;
    verify(signer, &certificate, digest, &signed)?;
    // What is signed is the DER of the attributes, a sorted SET (RFC 5652 section 5.4), and EN 319 122-1 clause 4.2 leaves
    // no room for CAdES. EU DSS, which encodes anew and so finds another digest, keeps two such files among its tests and
    // says HASH_FAILURE; OpenSSL and pyHanko verify the bytes as they stand. Old signatures of Adobe's kind are taken so.
    if sub_filter == SubFilter::Cades && !signer.in_order {
        return Err((
            SubIndication::HashFailure,
            "the digest was made over signed attributes that are not in DER".to_owned(),
        ));
    }
    Ok(Checked {
        digest,
        weak_from: earlier(
            earlier(digest.weak_from(), certificate.public_key.weak_from()),
            (sub_filter == SubFilter::Sha1)
                .then(|| Digest::Sha1.weak_from())
                .flatten(),
        ),
        has_certificate_hash: matches!(signer.certificate_hash(), Ok(Some(_))),
        certificate,
    })
}

/// Whose signature stands over the signed attributes, whatever became of the content whose digest they hold: he signed
/// something else than what is there now. Nobody where there are no such attributes.
pub(super) fn signer_of_other_content(data: &SignedData, candidates: &[Certificate]) -> Option<Certificate> {
    let signed = data.signer.signed_bytes.as_ref()?;
    let digest = Digest::of(&data.signer.digest_algorithm.algorithm).ok()?;
    agreement(data).ok()?;
    let certificate = signing_certificate(data, candidates).ok()?;
    verify(
        &data.signer,
        &certificate,
        digest,
        &Over::Message(Cow::Borrowed(signed)),
    )
    .ok()?;
    Some(certificate)
}

/// What a signature value stands over.
enum Over<'m> {
    Message(Cow<'m, [u8]>),
    /// The digest of a message too long to be copied.
    Hash(&'m [u8]),
}

/// The bytes that were signed: the attributes as they stand, after their digest was compared; without any, the content.
fn signed<'m>(
    data: &'m SignedData,
    covered: &Covered<'_>,
    hash: &'m [u8],
    certificate: &Certificate,
) -> Result<Over<'m>, Refusal> {
    let Some(signed) = &data.signer.signed_bytes else {
        let is_hashed = !algorithm::needs_message(&certificate.public_key);
        return Ok(match &data.content {
            Some(content) => Over::Message(Cow::Borrowed(content)),
            None if is_hashed => Over::Hash(hash),
            None => Over::Message(Cow::Owned(covered.concatenated())),
        });
    };
    let missing = || {
        (
            SubIndication::FormatFailure,
            "no message-digest attribute".to_owned(),
        )
    };
    let given = data
        .signer
        .message_digest()
        .map_err(|error| format(&error))?
        .ok_or_else(missing)?;
    if given != hash {
        return Err((
            SubIndication::HashFailure,
            "the document's digest differs".to_owned(),
        ));
    }
    Ok(Over::Message(Cow::Borrowed(signed)))
}

fn verify(
    signer: &SignerInfo,
    certificate: &Certificate,
    digest: Digest,
    signed: &Over<'_>,
) -> Result<(), Refusal> {
    let (key, algorithm, value) = (
        &certificate.public_key,
        &signer.signature_algorithm,
        &signer.signature,
    );
    // Ed25519 signs the message itself; the digest algorithm beside it covers the attributes alone (RFC 8419).
    let verified = match signed {
        Over::Message(message) => algorithm::verify(key, algorithm, Some(digest), message, value).map(|_| ()),
        Over::Hash(hash) => algorithm::verify_hash(key, algorithm, digest, hash, value),
    };
    match verified {
        Ok(()) => Ok(()),
        Err(Failure::Mismatch) => Err((
            SubIndication::SigCryptoFailure,
            "the signature value does not verify".to_owned(),
        )),
        Err(Failure::Algorithm(error @ Error::Unsupported { .. })) => {
            Err((SubIndication::CryptoConstraintsFailure, error.to_string()))
        }
        Err(Failure::Algorithm(error)) => Err((SubIndication::SigCryptoFailure, error.to_string())),
    }
}

/// Outer digest set, content type and algorithm protection must say the same as the SignerInfo.
fn agreement(data: &SignedData) -> Result<()> {
    let signer = &data.signer;
    if let Some((digest, signature)) = signer.algorithm_protection()? {
        let same_signature =
            signature.is_none_or(|signature| signature.algorithm == signer.signature_algorithm.algorithm);
        if digest.algorithm != signer.digest_algorithm.algorithm || !same_signature {
            return Err(Error::malformed(
                "CMS",
                "algorithm protection names other algorithms",
            ));
        }
    }
    if signer.signed_bytes.is_none() {
        return if data.content_type == oid::DATA || data.content.is_none() {
            Ok(())
        } else {
            Err(Error::malformed("CMS", "no signed attributes"))
        };
    }
    match signer.content_type()? {
        Some(kind) if kind == data.content_type => Ok(()),
        _ => Err(Error::malformed(
            "CMS",
            "the content-type attribute does not name the content",
        )),
    }
}

/// The certificate named by the SignerInfo and, where given, by the ESS attribute's hash.
fn signing_certificate(data: &SignedData, candidates: &[Certificate]) -> Result<Certificate, Refusal> {
    let embedded: Vec<Certificate> = data
        .certificates
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    let named = |certificate: &&Certificate| match &data.signer.identifier {
        SignerIdentifier::IssuerAndSerial { issuer, serial } => {
            certificate.serial == *serial
                && crate::x509::Name::parse(issuer).is_ok_and(|issuer| issuer == certificate.issuer)
        }
        SignerIdentifier::SubjectKeyIdentifier(identifier) => {
            certificate.subject_key_identifier.as_ref() == Some(identifier)
        }
    };
    let found: Vec<&Certificate> = embedded.iter().chain(candidates).filter(named).collect();
    let Some(first) = found.first() else {
        // ISO 32000-2, 12.8.3.3.1 and EN 319 142-1 clause 6.3: the CMS of a signature carries it.
        return Err((
            if data.certificates.is_empty() {
                SubIndication::FormatFailure
            } else {
                SubIndication::NoSigningCertificateFound
            },
            "the signer's certificate is missing".to_owned(),
        ));
    };
    match data.signer.certificate_hash().map_err(|error| format(&error))? {
        None => Ok((*first).clone()),
        Some(hash) => found
            .into_iter()
            .find(|certificate| is_hash_of(&hash, certificate))
            .cloned()
            .ok_or_else(|| {
                (
                    SubIndication::SigConstraintsFailure,
                    "the ESS attribute names another certificate".to_owned(),
                )
            }),
    }
}

fn is_hash_of(hash: &CertificateHash, certificate: &Certificate) -> bool {
    let serial_fits = hash
        .serial
        .as_ref()
        .is_none_or(|serial| *serial == certificate.serial);
    serial_fits
        && Digest::of(&hash.algorithm).is_ok_and(|digest| digest.hash(&[&certificate.der]) == hash.hash)
}
