//! Documents: where each stands, its number, its places.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::{Document, DocumentId, State};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::initial::Review;
use crate::domain::numbering::Kind;
use crate::domain::party::Parties;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    pub agency_id: AgencyId,
    pub drafter_id: PersonId,
    pub signer_id: PersonId,
    /// A code of [`crate::domain::numbering::KINDS`].
    pub kind: String,
    pub subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    /// The symbol after the slash, fixed when the document is made: `KH-UBND`.
    pub notation: String,
    pub state: State,
    pub leader_signed: bool,
    pub numbered: bool,
    pub agency_signed: bool,
    pub number: Option<i32>,
    /// The sequence's year and name, so that a number is unique by an index and not by good will.
    pub number_year: Option<i32>,
    pub issued_on: Option<String>,
    /// [`crate::custody::place::Places`] as JSON: where fields stand or will stand.
    pub places: Option<String>,
    /// What the signer wrote when returning it, or why a waiting signature was given up.
    pub remark: Option<String>,
    /// Counts changes; an update names the one it saw, so two people cannot take the same step.
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The incoming document that this one answers.
    pub reply_to: Option<DispatchId>,
    /// Who answers for the content, and for the form, before it is signed; and whether they have (ký nháy).
    pub content_reviewer_id: Option<PersonId>,
    pub form_reviewer_id: Option<PersonId>,
    pub content_initialled: bool,
    pub form_initialled: bool,
    /// Who signs after the signer (văn bản liên tịch, or a paper of two signatories); and of which other agency, if so.
    pub cosigner_id: Option<PersonId>,
    pub partner_id: Option<AgencyId>,
    /// The word in the code on its first page, by which anybody who holds the paper finds its record.
    #[sea_orm(unique)]
    pub lookup: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Who is to check it, and whether they have.
    pub fn review(&self) -> Review<'_> {
        Review {
            content: self.content_reviewer_id.as_ref(),
            form: self.form_reviewer_id.as_ref(),
            content_done: self.content_initialled,
            form_done: self.form_initialled,
        }
    }

    /// What the rules know of it.
    pub fn rules(&self) -> Document {
        let review = self.review();
        Document {
            state: self.state,
            signers: 1 + u8::from(self.cosigner_id.is_some()),
            seals: 1 + u8::from(self.partner_id.is_some()),
            initials_asked: review.asked(),
            initials_made: review.made(),
            leader_signed: self.leader_signed,
            numbered: self.numbered,
            agency_signed: self.agency_signed,
        }
    }

    /// Minutes that secretary and chair sign.
    pub fn are_minutes(&self) -> bool {
        self.kind == Kind::MINUTES && self.cosigner_id.is_some()
    }

    /// The names it carries.
    pub fn parties(&self) -> Parties<'_> {
        Parties {
            agency: &self.agency_id,
            drafter: &self.drafter_id,
            signer: &self.signer_id,
            cosigner: self.cosigner_id.as_ref(),
            partner: self.partner_id.as_ref(),
            are_minutes: self.are_minutes(),
            review: self.review(),
        }
    }
}
