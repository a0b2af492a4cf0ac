//! Raising what is signed to B-LT: everything a verifier needs in fifty years is gathered and put beside the signatures
//! (EN 319 142-1, 5.4). No I/O: [`Gathering`] says what it needs, the caller supplies it.
//!
//! [`Gathering::of`] → while [`Gathering::need`] gives one: fetch → [`Gathering::supply`] or [`Gathering::give_up`] →
//! [`Gathering::finish`] → [`Collected::update`].

mod chain;
mod source;
mod store;

use std::collections::HashSet;

use time::OffsetDateTime;

use crate::crl::List;
use crate::error::{Error, Result};
use crate::limits;
use crate::ocsp::{self, Response, Status};
use crate::x509::Certificate;

use source::{Kept, Subject};

/// What must be fetched next. Addresses come from certificates, so from strangers: the caller decides which it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The issuer of a certificate, as a certificate (DER or PEM).
    Issuer { of: String, addresses: Vec<String> },
    /// An OCSP response to `request`.
    Ocsp {
        of: String,
        addresses: Vec<String>,
        request: Vec<u8>,
    },
    /// A revocation list.
    List { of: String, addresses: Vec<String> },
}

impl Need {
    /// Where it may be had, in the order in which the certificate names them.
    pub fn addresses(&self) -> &[String] {
        match self {
            Self::Issuer { addresses, .. } | Self::Ocsp { addresses, .. } | Self::List { addresses, .. } => {
                addresses
            }
        }
    }
}

/// Everything gathered for the signatures of one document.
pub struct Gathering {
    now: OffsetDateTime,
    anchors: Vec<Certificate>,
    /// Certificates at hand, from signatures, the store, the caller and answers.
    pool: Vec<Certificate>,
    responses: Vec<(Vec<u8>, Response)>,
    lists: Vec<(Vec<u8>, List)>,
    subjects: Vec<Subject>,
    /// What the document's store holds already.
    kept: Kept,
    given_up: HashSet<Asked>,
}

/// What was asked, and the DER of the certificate it was asked about.
type Asked = (Question, Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Issuer,
    Ocsp,
    List,
}

/// Validation data for one document, signature by signature.
#[derive(Debug)]
pub struct Collected {
    subjects: Vec<(String, Material)>,
    kept: Kept,
    now: OffsetDateTime,
}

/// Validation data of one signature, DER each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    pub certificates: Vec<Vec<u8>>,
    pub ocsp_responses: Vec<Vec<u8>>,
    pub revocation_lists: Vec<Vec<u8>>,
}

impl Gathering {
    /// Reads the signatures and time-stamps of a document and what is at hand for them. Paths end at an `anchor` (DER) or
    /// at a self-signed certificate; `certificates` (DER) may stand between.
    ///
    /// # Errors
    /// A document that cannot be read, or holds no signature.
    pub fn of(
        document: &[u8],
        password: Option<&str>,
        anchors: &[Vec<u8>],
        certificates: &[Vec<u8>],
        now: OffsetDateTime,
    ) -> Result<Self> {
        let read = source::read(document, password)?;
        let parse = |ders: &[Vec<u8>]| -> Result<Vec<Certificate>> {
            ders.iter().map(|der| Certificate::parse(der)).collect()
        };
        let mut gathering = Self {
            now,
            anchors: parse(anchors)?,
            pool: Vec::new(),
            responses: Vec::new(),
            lists: Vec::new(),
            subjects: read.subjects,
            kept: read.kept,
            given_up: HashSet::new(),
        };
        parse(certificates)?
            .into_iter()
            .for_each(|one| gathering.add(one));
        read.certificates.into_iter().for_each(|one| gathering.add(one));
        let (responses, lists) = (read.responses, read.lists);
        responses.iter().for_each(|der| drop(gathering.add_response(der)));
        lists.iter().for_each(|der| drop(gathering.add_list(der)));
        Ok(gathering)
    }

    /// The next thing to be fetched; `None` when nothing more can be had.
    pub fn need(&self) -> Option<Need> {
        self.open().map(|(_, need)| need)
    }

    fn open(&self) -> Option<(Asked, Need)> {
        let of = |subject: &Subject| {
            let mut leaves = subject.leaves.iter();
            leaves.find_map(|leaf| self.open_of(leaf, subject.covered_at))
        };
        self.subjects.iter().find_map(of)
    }

    /// Takes an answer; comes back with whether it met the need. An answer that does not hold is left aside.
    pub fn supply(&mut self, need: &Need, answer: &[u8]) -> bool {
        let added = match need {
            Need::Issuer { .. } => Certificate::parse(answer).map(|one| self.add(one)),
            Need::Ocsp { .. } => self.add_response(answer),
            Need::List { .. } => self.add_list(answer),
        };
        added.is_ok() && self.need().as_ref() != Some(need)
    }

    /// Goes on without it; [`Gathering::finish`] then says what is missing.
    pub fn give_up(&mut self, need: &Need) {
        if let Some((asked, _)) = self.open().filter(|(_, found)| found == need) {
            self.given_up.insert(asked);
        }
    }

    /// The validation data, complete for every signature.
    ///
    /// # Errors
    /// *Refused*: a certificate whose issuer or status could not be had, or that was revoked.
    pub fn finish(self) -> Result<Collected> {
        let mut subjects = Vec::new();
        for subject in &self.subjects {
            let mut material = Material::default();
            for leaf in &subject.leaves {
                self.collect(leaf, subject, &mut material)?;
            }
            subjects.push((subject.key.clone(), material));
        }
        Ok(Collected {
            subjects,
            kept: self.kept,
            now: self.now,
        })
    }

    /// Everything at hand, complete or not: for a verifier, who judges by what there is.
    pub fn into_material(self) -> Material {
        Material {
            certificates: self.pool.into_iter().map(|one| one.der).collect(),
            ocsp_responses: self.responses.into_iter().map(|(der, _)| der).collect(),
            revocation_lists: self.lists.into_iter().map(|(der, _)| der).collect(),
        }
    }

    fn add(&mut self, certificate: Certificate) {
        let known = self.pool.iter().any(|one| one.der == certificate.der);
        if !known && self.pool.len() < limits::CERTIFICATES {
            self.pool.push(certificate);
        }
    }

    fn add_response(&mut self, der: &[u8]) -> Result<()> {
        let response = Response::parse(der)?;
        if self.responses.len() >= limits::REVOCATION_ANSWERS {
            return Err(Error::refused("OCSP response", "too many"));
        }
        for certificate in response.certificates().to_vec() {
            self.add(certificate);
        }
        self.responses.push((der.to_vec(), response));
        Ok(())
    }

    fn add_list(&mut self, der: &[u8]) -> Result<()> {
        let list = List::parse(der)?;
        if self.lists.len() >= limits::REVOCATION_ANSWERS {
            return Err(Error::refused("CRL", "too many"));
        }
        self.lists.push((der.to_vec(), list));
        Ok(())
    }
}

/// What an OCSP responder is asked.
fn question(certificate: &Certificate, issuer: &Certificate) -> Option<Vec<u8>> {
    ocsp::request(&certificate.der, &issuer.der).ok()
}

/// Whether a status answers the question.
fn is_answer(status: &Status) -> bool {
    !matches!(status, Status::Unknown)
}

/// Whether every signature of the document has a time-stamp: its own, or one of the document after it.
///
/// # Errors
/// As [`Gathering::of`].
pub fn is_time_stamped(document: &[u8], password: Option<&str>) -> Result<bool> {
    let read = source::read(document, password)?;
    let last_stamp = read
        .subjects
        .iter()
        .filter(|one| one.is_document_time_stamp)
        .map(|one| one.end)
        .max();
    Ok(read
        .subjects
        .iter()
        .all(|one| one.time.is_some() || last_stamp.is_some_and(|stamp| stamp > one.end)))
}
