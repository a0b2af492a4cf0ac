//! What can go wrong around a key or a document, each kind apart, so that a person gets the sentence that fits.

use hoian_signer::validate::Verdict;
use sea_orm::DbErr;
use thiserror::Error;
use time::OffsetDateTime;

use crate::domain::{
    case_file, copy, dispatch, document, document_metadata, outside, paper_arrival, relation, trust,
};
use crate::store::blob;

/// Why a step was not taken. Nothing of it remains then, except the record of a wrong PIN.
#[derive(Debug, Error)]
pub enum Error {
    // Refused: the rules say no.
    #[error("no such document, or none this person may know of")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] document::Refusal),
    #[error(transparent)]
    Receipt(#[from] dispatch::Refusal),
    #[error(transparent)]
    Metadata(#[from] document_metadata::Refusal),
    #[error(transparent)]
    Outside(#[from] outside::Refusal),
    #[error(transparent)]
    Copy(#[from] copy::Refusal),
    #[error(transparent)]
    Filing(#[from] case_file::Refusal),
    #[error(transparent)]
    Paper(#[from] paper_arrival::Refusal),
    #[error(transparent)]
    Trust(#[from] trust::Refusal),
    #[error("{0}")]
    Relation(relation::Refusal),
    #[error("{0}")]
    Reviewers(&'static str),
    #[error("{0}")]
    Appendix(&'static str),
    #[error("someone else changed the document meanwhile")]
    Stale,
    #[error("no key is enrolled for this holder")]
    KeyMissing,
    #[error("the PIN is wrong; {tries_left} tries left")]
    WrongPin { tries_left: u32 },
    #[error("the key is locked after too many wrong PINs")]
    KeyLocked,
    #[error("the key stays with its holder, so it signs where its holder is")]
    KeyElsewhere,
    #[error("the key is kept here, so it signs here")]
    KeyHere,
    #[error("the settings name no HSM")]
    HsmMissing,
    #[error("the HSM holds no key with the id {0}")]
    HsmKeyMissing(String),
    #[error("the HSM would give this key out: it must be sensitive and not extractable")]
    HsmKeyLeaves,
    #[error("no desktop tool is configured, or it cannot sign this")]
    NoTool,
    #[error("the file is not what was handed out with one signature more: {0}")]
    FileUnfit(hoian_signer::error::Error),
    #[error("the file is signed by another key than the one that its person has enrolled")]
    AnothersSignature,
    #[error("the key is kept by the remote signing service, so it signs there")]
    KeyRemote,
    #[error("there is no remote signing service, or the key is not there")]
    NotRemote,
    #[error("the remote signing service: {reason}: {detail}")]
    Remote {
        reason: super::remote::Failure,
        detail: String,
    },
    #[error("the request for a signature is over, was opened before, or is another's")]
    RequestOver,
    #[error("the signature brought is not over what was asked for: {0}")]
    SignatureUnfit(hoian_signer::error::Error),
    #[error("the certificate is for no signatures of people: {0}")]
    CertificateUnfit(String),
    #[error("the certificate leads to no trusted root: {0}")]
    CertificateUntrusted(String),
    #[error("the certificate names somebody else")]
    CertificateOfAnother,
    #[error("a PIN has from {least} to {most} characters")]
    PinLength { least: usize, most: usize },
    #[error("the certificate expired at {0}")]
    CertificateExpired(OffsetDateTime),
    #[error("the certificate is not valid before {0}")]
    CertificateNotYetValid(OffsetDateTime),
    #[error("the certificate is revoked")]
    CertificateRevoked,
    #[error("the key in the file is not the certificate's holder's: {0}")]
    WrongHolder(String),
    #[error("this certificate is enrolled already")]
    AlreadyEnrolled,
    #[error("the place lies outside the page")]
    PlaceOutside,
    #[error("the signer's name does not stand on the page, so the place must be given")]
    PlaceUnknown,
    #[error("no receiver is given, or one of them is not an agency that can receive")]
    Receivers,
    #[error("a receiver has the paper already")]
    HasIt,
    #[error("the second signatory leads no agency, or is the first one")]
    Cosigner,
    #[error("the secretary does not work in the agency of who presided")]
    Secretary,
    #[error("one who is named to handle it does not work in the receiving agency")]
    Handlers,
    #[error("two agencies are named to lead")]
    TwoLeads,
    #[error("the due date is no day, or lies in the past")]
    DueDate,
    #[error(transparent)]
    Upload(#[from] super::intake::Refusal),

    // Not now: nothing is lost, asking again is right.
    #[error("the numbers of this sequence are being given to others, ask again")]
    NumbersBusy,
    #[error("too many files are being checked, ask again")]
    Busy,
    #[error("more files than one system may send; the next one in {0:?}")]
    TooMany(std::time::Duration),
    #[error("the HSM did not do it: {0}")]
    Hsm(String),
    #[error("the time-stamp authority did not answer: {0}")]
    TimeStamp(String),

    #[error("the mail server did not take the letter: {0}")]
    Mail(String),

    // Ours.
    #[error("our own validator does not pass the new version: {verdict:?}: {reason}")]
    SelfCheck { verdict: Verdict, reason: String },
    #[error(transparent)]
    Signer(#[from] hoian_signer::error::Error),
    #[error("a stored row cannot be read: {0}")]
    Row(&'static str),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Blob(#[from] blob::Error),
    #[error("a task of the bounded pool was cut off")]
    Pool,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
