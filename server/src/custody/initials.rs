//! Initials (ký nháy): those who were named check a submitted draft, and each check is a record; a signer's rule says which
//! checks a document must have before it comes to the signer.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::document::{Action, DocumentId, Refusal};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::initial::Part;
use crate::domain::role::{self, Role, may};
use crate::fail_point;
use crate::store::entity::document_initial::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{document, membership, signing_rule};
use crate::store::{Tx, audit};

/// Characters of a note beside an initial.
const LONGEST_NOTE: usize = 1000;

/// Who is named to check a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviewers {
    pub content: Option<PersonId>,
    pub form: Option<PersonId>,
}

impl Custody {
    /// Initials the part that this person answers for.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`] where the draft was given back meanwhile.
    pub async fn initial(&self, presence: &Presence, id: &DocumentId, note: Option<&str>) -> Result<()> {
        let step = self.permit(presence, id, Action::Initial, None).await?;
        let part = step
            .row
            .review()
            .due(&presence.person_id)
            .ok_or(Refusal::NotYours)?;
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
            return Err(Error::Reviewers("a note has at most 1,000 characters"));
        }
        let now = self.clock.now();
        let row = ActiveModel {
            id: Set(self.clock.new_id()),
            document_id: Set(id.clone()),
            part: Set(part),
            person_id: Set(presence.person_id.clone()),
            note: Set(note.map(str::to_owned)),
            made_at: Set(now),
            void_at: Set(None),
        };
        let change = match part {
            Part::Content => document::ActiveModel {
                content_initialled: Set(true),
                ..Default::default()
            },
            Part::Form => document::ActiveModel {
                form_initialled: Set(true),
                ..Default::default()
            },
        };
        let detail = json!({ "part": part, "note": note });
        self.store
            .write(async |tx| {
                step.take(tx, now, &presence.actor(), change, detail).await?;
                Entity::insert(row).exec_without_returning(tx).await?;
                Ok::<_, Error>(())
            })
            .await?;
        fail_point::hit("initials.made");
        Ok(())
    }

    /// The initials of a document in the order they were made, void ones too.
    ///
    /// # Errors
    /// The database's.
    pub async fn initials(&self, id: &DocumentId) -> Result<Vec<Model>> {
        let find = Entity::find().filter(Column::DocumentId.eq(id.clone()));
        Ok(find.order_by_asc(Column::Id).all(self.store.read()).await?)
    }

    /// Which initials this signer wants in this agency; none where no rule stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn signing_rule(&self, agency: &AgencyId, signer: &PersonId) -> Result<(bool, bool)> {
        let row = signing_rule::Entity::find_by_id((agency.clone(), signer.clone()))
            .one(self.store.read())
            .await?;
        Ok(row.map_or((false, false), |row| (row.content, row.form)))
    }

    /// Sets which initials this person wants before signing for an agency.
    ///
    /// # Errors
    /// [`Refusal::NotYours`] for one who does not sign there.
    pub async fn set_signing_rule(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        content: bool,
        form: bool,
    ) -> Result<()> {
        if !may(&presence.held, role::Action::Sign, agency) {
            return Err(Refusal::NotYours.into());
        }
        use signing_rule::{ActiveModel, Column, Entity};
        let row = ActiveModel {
            agency_id: Set(agency.clone()),
            person_id: Set(presence.person_id.clone()),
            content: Set(content),
            form: Set(form),
        };
        let replace = OnConflict::columns([Column::AgencyId, Column::PersonId])
            .update_columns([Column::Content, Column::Form])
            .to_owned();
        let now = self.clock.now();
        let subject = format!("agency/{agency}");
        let detail = json!({ "content": content, "form": form });
        self.store
            .write(async |tx| {
                Entity::insert(row)
                    .on_conflict(replace)
                    .exec_without_returning(tx)
                    .await?;
                audit::append(tx, now, &presence.actor(), "signing.rule_set", &subject, detail).await?;
                Ok(())
            })
            .await
    }

    /// Whether everyone the signer's rule wants is named; asked when a draft is submitted.
    pub(super) async fn check_reviewers_named(&self, row: &document::Model) -> Result<()> {
        let (content, form) = self.signing_rule(&row.agency_id, &row.signer_id).await?;
        let lacks = content && row.content_reviewer_id.is_none() || form && row.form_reviewer_id.is_none();
        if lacks {
            return Err(Error::Reviewers(
                "the signer wants initials of people who are not named",
            ));
        }
        Ok(())
    }

    /// Those who are named work in the agency and take part in its documents.
    pub(super) async fn check_reviewers(&self, agency: &AgencyId, named: &Reviewers) -> Result<()> {
        for person in named.content.iter().chain(&named.form) {
            let roles = [Role::Leader, Role::Clerk, Role::Officer];
            let works = membership::Entity::find()
                .filter(membership::Column::PersonId.eq(person.clone()))
                .filter(membership::Column::AgencyId.eq(agency.clone()))
                .filter(membership::Column::Role.is_in(roles))
                .one(self.store.read())
                .await?;
            if works.is_none() {
                return Err(Error::Reviewers(
                    "one who is named to check it does not work in the agency",
                ));
            }
        }
        Ok(())
    }
}

/// The draft was changed: what was checked before is void, and stays as a record.
pub(super) async fn make_void(tx: &Tx, now: Timestamp, id: &DocumentId) -> Result<()> {
    let change = ActiveModel {
        void_at: Set(Some(now)),
        ..Default::default()
    };
    Entity::update_many()
        .set(change)
        .filter(Column::DocumentId.eq(id.clone()))
        .filter(Column::VoidAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
