//! A paper on the table that several sign while all see it (ký trên phòng họp): locked to its bytes when it is opened for signing,
//! with a field for each, and signed one over the other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::meeting::{PaperId, SeatId};
use crate::clock::Timestamp;

/// Somebody who is to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Signatory {
    #[ts(type = "string")]
    pub seat: SeatId,
    pub name: String,
    /// Nothing before they have signed.
    #[ts(type = "string", optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
}

/// A paper that is open for signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PaperSigning {
    #[ts(type = "string")]
    pub paper: PaperId,
    pub title: String,
    /// SHA-256 of the paper as it lies on the table, in hexadecimal: a change makes it another paper.
    pub digest: String,
    /// SHA-256 of the file as it stands: with the empty fields, then with each signature.
    pub file: String,
    pub signatories: Vec<Signatory>,
}

impl PaperSigning {
    /// The field that is kept for whoever sits there, where they have not signed.
    pub fn field_of(&self, seat: &SeatId) -> Option<String> {
        let place = self.signatories.iter().position(|one| one.seat == *seat)?;
        let is_open = self.signatories[place].signed_at.is_none();
        is_open.then(|| field(place))
    }

    /// The fields that bear a signature, in their order.
    pub fn signed_fields(&self) -> Vec<String> {
        let signed = self.signatories.iter().enumerate();
        let signed = signed.filter(|(_, one)| one.signed_at.is_some());
        signed.map(|(place, _)| field(place)).collect()
    }

    /// Whether everyone has signed.
    pub fn is_complete(&self) -> bool {
        self.signed() == self.signatories.len()
    }

    /// How many have signed.
    pub fn signed(&self) -> usize {
        self.signatories
            .iter()
            .filter(|one| one.signed_at.is_some())
            .count()
    }
}

/// The name of the field of the signatory with this place in the list.
pub fn field(place: usize) -> String {
    format!("signatory-{}", place + 1)
}

/// What somebody put under a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSignature {
    pub paper: PaperId,
    pub seat: SeatId,
    /// Of the paper that everybody saw.
    pub digest: String,
    /// The file that was signed over, and the one that it made: both SHA-256.
    pub over: String,
    pub file: String,
    pub size_bytes: u64,
    /// `B-T`, or `B-B` where no authority gave its time while they waited.
    pub level: String,
    /// Issuer and serial number of the certificate.
    pub issuer: String,
    pub serial: String,
}

/// A time-stamp over a whole paper, for signatures that were made while no authority gave its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperStamp {
    pub paper: PaperId,
    /// The file that it was put over, and the one that it made: both SHA-256.
    pub over: String,
    pub file: String,
    pub size_bytes: u64,
}

/// All papers that were opened for signing, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperSignings {
    pub all: Vec<PaperSigning>,
    /// Papers with a signature that has no time-stamp.
    unstamped: BTreeSet<PaperId>,
}

impl PaperSignings {
    pub fn of(&self, paper: &PaperId) -> Option<&PaperSigning> {
        self.all.iter().find(|one| one.paper == *paper)
    }

    /// Whether a signature of this paper waits for a time-stamp.
    pub fn needs_stamp(&self, paper: &PaperId) -> bool {
        self.unstamped.contains(paper)
    }

    pub(super) fn open(&mut self, signing: PaperSigning) {
        self.all.push(signing);
    }

    pub(super) fn sign(&mut self, signature: &PaperSignature, at: Timestamp) {
        let Some(signing) = self.all.iter_mut().find(|one| one.paper == signature.paper) else {
            return;
        };
        signing.file.clone_from(&signature.file);
        if signature.level == WITHOUT_TIME {
            self.unstamped.insert(signature.paper.clone());
        }
        let signatory = signing
            .signatories
            .iter_mut()
            .find(|one| one.seat == signature.seat);
        if let Some(signatory) = signatory {
            signatory.signed_at = Some(at);
        }
    }

    pub(super) fn stamp(&mut self, stamp: &PaperStamp) {
        if let Some(signing) = self.all.iter_mut().find(|one| one.paper == stamp.paper) {
            signing.file.clone_from(&stamp.file);
            self.unstamped.remove(&stamp.paper);
        }
    }
}

/// The level of a signature without a time-stamp (EN 319 142-1).
pub const WITHOUT_TIME: &str = "B-B";
/// Above the largest committee; the fields of all stand in the file before the first signature.
pub const MOST_SIGNATORIES: usize = 100;
