//! A paper that several people sign while they meet: a field for each stands before the first signature, and each key signs
//! over the file that the one before it left.
//!
//! Only blobs are kept here. Which file is the last, and who has signed it, the meeting's record says
//! (`domain::paper_signing`), so that a signature counts in the transaction that writes it there.

use bytes::Bytes;
use hoian_signer::appearance::{Appearance, place as find};
use hoian_signer::pdf::form::{self, Lock, NewField};
use hoian_signer::pdf::place::{POINTS_PER_MM, Place, Rect};
use hoian_signer::pdf::text::{self, Page};
use hoian_signer::sign::{self, Level, Request, Signed};
use hoian_signer::validate;

use super::certificate::Facts;
use super::error::{Error, Result};
use super::key::OpenKey;
use super::place::Size;
use super::{Custody, Presence, key};
use crate::domain::holder::Holder;
use crate::domain::id::PersonId;
use crate::domain::paper_signing::field;
use crate::store::blob::{Sha256, Stored};

/// A signature that our own validator passes.
pub struct JointSignature {
    pub stored: Stored,
    /// `B-T`, or `B-B` where the time-stamp authority was silent for as long as people wait; [`Custody::stamp_joint`] raises it.
    pub level: &'static str,
    pub issuer: String,
    pub serial: String,
}

impl Custody {
    /// The paper with an empty field for each of these people, in their order: above their name where it stands on a page, else
    /// in the left margin of the last pages.
    ///
    /// # Errors
    /// The signer's for a file that is signed already or damaged; [`Error::PlaceUnknown`] where the margins are full.
    pub async fn prepare_joint(&self, paper: &Sha256, people: &[(PersonId, String)]) -> Result<Stored> {
        let document = self.store.blobs().get(paper).await?;
        let mut named = Vec::new();
        for (person, name) in people {
            let size = self.size(&Holder::Person(person.clone())).await?;
            named.push((name.clone(), size.unwrap_or(super::draft::USUAL_SIGNATURE)));
        }
        let prepared = self.run(move || prepared(&document, &named)).await??;
        Ok(self.store.blobs().put(prepared).await?)
    }

    /// Signs `file`, in which `signed` are signed already, in `field`.
    ///
    /// # Errors
    /// The PIN's and the certificate's; [`Error::SelfCheck`]. Nothing remains then but the record of a wrong PIN.
    pub async fn sign_joint(
        &self,
        presence: &Presence,
        name: &str,
        file: &Sha256,
        (field, signed): (&str, &[String]),
        pin: &str,
    ) -> Result<JointSignature> {
        let (key, Facts { issuer, serial, .. }) = self.own_key(presence, pin).await?;
        let holder = Holder::Person(presence.person_id.clone());
        let image = self.image(&holder).await?;
        let request = Request {
            field: field.to_owned(),
            place: None,
            appearance: Some(match image {
                Some(png) => Appearance::Image { png: png.to_vec() },
                None => Appearance::Text { lines: halves(name) },
            }),
            signing_time: self.clock.now_utc(),
            algorithm: key.algorithm(),
            level: Level::BT,
            name: Some(name.to_owned()),
            reason: None,
            location: None,
            certify: None,
        };
        let document = self.store.blobs().get(file).await?;
        let base = document.clone();
        let made = self.sign_with(key, move |key| {
            let ready = sign::prepare(&base, &request, key.chain())?;
            let signature = key.sign(ready.signed_attributes())?;
            Ok::<Signed, Error>(ready.with_signature(signature)?)
        });
        let made = made.await?;
        // Ten others wait for their turn: a silent authority holds nobody up.
        let (made, level) = self.stamped_if_heard(made).await?;
        let finished = self.finished_joint(made, document, field, signed).await?;
        Ok(JointSignature {
            stored: self.store.blobs().put(finished).await?,
            level,
            issuer,
            serial,
        })
    }

    /// Puts a time-stamp over the whole of `file`, in which `signed` are signed: what was signed while no authority gave its
    /// time is proven to have been there from now on, and has the level B-T.
    ///
    /// # Errors
    /// [`Error::TimeStamp`] where the authority is silent; [`Error::SelfCheck`]. Nothing is kept then.
    pub async fn stamp_joint(&self, file: &Sha256, signed: &[String]) -> Result<Stored> {
        let mut stamped = self.store.blobs().get(file).await?.to_vec();
        self.stamp_over(&mut stamped, self.settings.time_stamp_time())
            .await?;
        let stamped = Bytes::from(stamped);
        let fields: Vec<&str> = signed.iter().map(String::as_str).collect();
        self.self_check(stamped.clone(), &fields).await?;
        Ok(self.store.blobs().put(stamped).await?)
    }

    /// Signs words that are no document: a detached CMS in DER.
    ///
    /// # Errors
    /// The PIN's and the certificate's.
    pub async fn sign_words(&self, presence: &Presence, words: String, pin: &str) -> Result<Vec<u8>> {
        let key = self.own_key(presence, pin).await?.0;
        self.sign_with(key, move |key| Ok(sign::sign_statement(words.as_bytes(), key)?))
            .await
    }

    /// The person's own key, open, and what its certificate says.
    async fn own_key(&self, presence: &Presence, pin: &str) -> Result<(OpenKey, Facts)> {
        let holder = Holder::Person(presence.person_id.clone());
        let row = self.key_of(&holder).await?;
        let chain = key::chain(&row)?;
        self.check_certificate(&chain).await?;
        let key = self.open_key(presence, &row, pin).await?;
        let own = chain.first().ok_or(Error::Row("signing_key.chain"))?;
        Ok((key, Facts::of(own)?))
    }

    async fn finished_joint(
        &self,
        made: Signed,
        document: Bytes,
        field: &str,
        signed: &[String],
    ) -> Result<Bytes> {
        let before = document.clone();
        let finished = Bytes::from(self.run(move || made.complete(&document)).await??);
        if !finished.starts_with(&before) {
            return Err(Error::Row("the new version does not begin with the old one"));
        }
        let fields = signed.iter().map(String::as_str).chain([field]);
        let fields: Vec<&str> = fields.collect();
        self.self_check_at(finished.clone(), &fields, validate::Level::BB)
            .await?;
        Ok(finished)
    }
}

fn prepared(document: &[u8], people: &[(String, Size)]) -> Result<Vec<u8>> {
    let pages = text::pages(document)?;
    let names: Vec<String> = (0..people.len()).map(field).collect();
    let mut in_margin = 0;
    let mut fields = Vec::new();
    for (place, (name, size)) in people.iter().enumerate() {
        let found = find::person(&pages, name, size.width_mm / size.height_mm);
        let rect = match found {
            Some(found) => found,
            None => {
                in_margin += 1;
                margin(&pages, in_margin - 1).ok_or(Error::PlaceUnknown)?
            }
        };
        let others = names.iter().filter(|one| **one != names[place]);
        fields.push(NewField::Signature {
            name: names[place].clone(),
            place: rect,
            // In whatever order they sign: everything else is locked by the first of them.
            lock: Some(match people.len() {
                1 => Lock::All,
                _ => Lock::Exclude(others.cloned().collect()),
            }),
        });
    }
    Ok(form::prepare_fields(document, &fields)?)
}

/// The place of so many before it in the left margin: from the top of the last page down, then on the page before.
fn margin(pages: &[Page], number: usize) -> Option<Place> {
    let page = pages.iter().rev().nth(number / ON_A_PAGE)?;
    let unit = POINTS_PER_MM / page.user_unit;
    let shown = page.crop_box;
    let top = shown.top() - (MARGIN_TOP_MM + SLOT_MM * (number % ON_A_PAGE) as f64) * unit;
    let height = (SLOT_MM - SLOT_GAP_MM) * unit;
    Some(Place {
        page: page.number,
        rect: Rect {
            x: shown.x + EDGE_MM * unit,
            y: top - height,
            width: SLOT_WIDTH_MM * unit,
            height,
        },
    })
}

/// A name on two lines, as the margin has room for it.
fn halves(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').collect();
    let (first, second) = words.split_at(words.len().div_ceil(2));
    let lines = [first, second].into_iter().filter(|line| !line.is_empty());
    lines.map(|line| line.join(" ")).collect()
}

/// The left margin of an official paper is 30 to 35 mm wide (Nghị định 30/2020/NĐ-CP, annex I, part I).
const SLOT_WIDTH_MM: f64 = 27.0;
const EDGE_MM: f64 = 2.0;
const SLOT_MM: f64 = 12.0;
const SLOT_GAP_MM: f64 = 2.0;
const MARGIN_TOP_MM: f64 = 30.0;
/// Of an upright A4, with as much free below as above.
const ON_A_PAGE: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_in_their_middle() {
        assert_eq!(halves("Nguyễn Thị Phương Thảo"), ["Nguyễn Thị", "Phương Thảo"]);
        assert_eq!(halves("Trần Văn Minh"), ["Trần Văn", "Minh"]);
        assert_eq!(halves("Anh"), ["Anh"]);
    }

    #[test]
    fn margins_are_filled_from_the_last_page_without_an_overlap() {
        let page = |number| Page {
            number,
            crop_box: Rect {
                x: 0.0,
                y: 0.0,
                width: 595.0,
                height: 842.0,
            },
            rotation: 0,
            user_unit: 1.0,
            lines: Vec::new(),
        };
        let pages = [page(1), page(2)];
        let places: Vec<Place> = (0..40).map_while(|number| margin(&pages, number)).collect();
        assert_eq!(places.len(), 38, "then they are full");
        for (at, one) in places.iter().enumerate() {
            assert!(super::super::place::is_inside(&pages, one), "{one:?}");
            let others = places[..at].iter().filter(|other| other.page == one.page);
            assert!(
                !others.clone().any(|other| other.rect.overlaps(&one.rect)),
                "{one:?}"
            );
        }
        assert_eq!((places[0].page, places[19].page), (2, 1));
    }
}
