//! A file becomes a draft.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::desk::NewVersion;
use super::error::{Error, Result};
use super::indexing::Said;
use super::intake;
use super::place::{Size, find_places};
use super::{Custody, Presence};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::{Document, DocumentId, Purpose};
use crate::domain::holder::Holder;
use crate::domain::id::PersonId;
use crate::domain::numbering::{self, Kind};
use crate::domain::role::{Action, Role, may};
use crate::store::blob::Stored;
use crate::store::entity::{agency, document, membership, person, signature_image};
use crate::store::{audit, search};

/// What the drafter says of a document.
#[derive(Debug, Clone)]
pub struct Description {
    pub subject: String,
    pub kind: Kind,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    pub signer: PersonId,
    /// The incoming document that this one answers.
    pub reply_to: Option<DispatchId>,
}

impl Custody {
    /// Makes a draft of a file that is in the blob store already.
    ///
    /// Comes back as the new document's id. The blob of a refused file is left without a row, and is swept away.
    ///
    /// # Errors
    /// [`Error::Upload`] where the file cannot become a document; [`Error::NotFound`] where the signer is nobody this
    /// person may draft for.
    pub async fn draft(
        &self,
        presence: &Presence,
        description: Description,
        stored: &Stored,
    ) -> Result<DocumentId> {
        let (agency, signer, _) = self.signer(presence, &description.signer).await?;
        if let Some(answered) = &description.reply_to {
            let incoming = self.received(presence, answered).await?;
            if incoming.receiver_id != agency.id {
                return Err(Error::NotFound);
            }
        }
        let document = self.store.blobs().get(&stored.sha256).await?;
        let now = self.clock.now_utc();
        let pages = self.run(move || intake::check(&document, now)).await??;
        let (signature, seal) = self.sizes(&signer.id, &agency.id).await?;
        let places = find_places(&pages, &signer.full_name, None, signature, seal);
        let now = self.clock.now();
        let id = DocumentId(self.clock.new_id());
        let said = Said {
            id: &id,
            kind: description.kind,
            subject: &description.subject,
            agency: &agency,
            drafter: &presence.person_id,
            signer: &signer.id,
            signer_name: &signer.full_name,
        };
        let entry = said.entry(&pages);
        let row = document::ActiveModel {
            id: Set(id.clone()),
            agency_id: Set(agency.id),
            drafter_id: Set(presence.person_id.clone()),
            signer_id: Set(signer.id),
            kind: Set(description.kind.code.to_owned()),
            subject: Set(description.subject),
            urgency: Set(description.urgency),
            notation: Set(numbering::notation(description.kind, &agency.symbol, None)),
            state: Set(Document::DRAFT.state),
            leader_signed: Set(false),
            numbered: Set(false),
            agency_signed: Set(false),
            number: Set(None),
            number_year: Set(None),
            issued_on: Set(None),
            places: Set(places.and_then(|places| serde_json::to_string(&places).ok())),
            remark: Set(None),
            revision: Set(0),
            created_at: Set(now),
            updated_at: Set(now),
            reply_to: Set(description.reply_to),
        };
        let version = NewVersion {
            purpose: Purpose::Draft,
            continues: None,
            stored,
            level: None,
            by: &presence.person_id,
        };
        let subject = format!("document/{id}");
        let detail = json!({ "blob": stored.sha256, "size_bytes": stored.size_bytes });
        self.store
            .write(async |tx| {
                document::Entity::insert(row).exec_without_returning(tx).await?;
                version.insert(tx, now, &id).await?;
                search::add(tx, std::slice::from_ref(&entry)).await?;
                audit::append(tx, now, &presence.actor(), "document.drafted", &subject, detail).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(id)
    }

    /// The agency in whose name this person drafts and `signer` signs, the signer, and the signer's position there.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn signer(
        &self,
        presence: &Presence,
        signer: &PersonId,
    ) -> Result<(agency::Model, person::Model, String)> {
        let leads = membership::Entity::find()
            .filter(membership::Column::PersonId.eq(signer.clone()))
            .filter(membership::Column::Role.eq(Role::Leader))
            .all(self.store.read())
            .await?;
        let shared = leads
            .into_iter()
            .find(|held| may(&presence.held, Action::Draft, &held.agency_id));
        let shared = shared.ok_or(Error::NotFound)?;
        let agency = agency::Entity::find_by_id(shared.agency_id)
            .one(self.store.read())
            .await?;
        let person = person::Entity::find_by_id(signer.clone())
            .one(self.store.read())
            .await?;
        let (agency, person) = agency.zip(person).ok_or(Error::NotFound)?;
        Ok((agency, person, shared.position))
    }

    /// Printed sizes of the signer's and the agency's images; the usual ones where none is enrolled yet.
    pub(super) async fn sizes(
        &self,
        signer: &PersonId,
        agency: &crate::domain::id::AgencyId,
    ) -> Result<(Size, Size)> {
        let signature = self
            .size(&Holder::Person(signer.clone()))
            .await?
            .unwrap_or(USUAL_SIGNATURE);
        let seal = self
            .size(&Holder::Agency(agency.clone()))
            .await?
            .unwrap_or(USUAL_SEAL);
        Ok((signature, seal))
    }

    async fn size(&self, holder: &Holder) -> Result<Option<Size>> {
        let row = signature_image::Entity::find_by_id(holder.to_string())
            .one(self.store.read())
            .await?;
        Ok(row.map(|row| Size {
            width_mm: row.width_mm,
            height_mm: row.height_mm,
        }))
    }
}

const USUAL_SIGNATURE: Size = Size {
    width_mm: 50.0,
    height_mm: 22.0,
};
/// Round seals of agencies are 36 mm wide.
const USUAL_SEAL: Size = Size {
    width_mm: 36.0,
    height_mm: 36.0,
};
