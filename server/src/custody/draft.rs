//! A file becomes a draft, and a draft another one.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::desk::NewVersion;
use super::error::{Error, Result};
use super::indexing::Said;
use super::initials::Reviewers;
use super::intake;
use super::meeting_paper::ForMeeting;
use super::place::{self, Places, Second, Size, find_places};
use super::{Custody, Presence, relation, task};
use crate::domain::conclusion_notice::Task;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::{Action, Document, DocumentId, Purpose};
use crate::domain::document_metadata::Metadata;
use crate::domain::holder::Holder;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::{self, Kind};
use crate::domain::relation::Relation;
use crate::domain::role::{self, Role, may};
use crate::domain::search::subject_key;
use crate::fail_point;
use crate::render;
use crate::store::blob::Stored;
use crate::store::entity::{agency, document, document_metadata, membership, person, signature_image};
use crate::store::search::{self, Entry};
use crate::store::{Tx, audit};

/// What the drafter says of a document.
#[derive(Debug, Clone)]
pub struct Description {
    pub subject: String,
    pub kind: Kind,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    pub signer: PersonId,
    /// Who signs second: of the same agency, or of another one, which then seals second (văn bản liên tịch).
    pub cosigner: Option<PersonId>,
    /// The incoming document that this one answers.
    pub reply_to: Option<DispatchId>,
    pub metadata: Metadata,
    /// What was written in the page, where the file was typeset from it.
    pub body: Option<String>,
    /// Who is to check it before it is signed.
    pub reviewers: Reviewers,
    /// The issued paper that this one corrects or replaces.
    pub mends: Option<(Relation, DocumentId)>,
    /// Where the typesetter left number and date blank, where it was ours.
    pub blanks: Option<render::Places>,
}

/// A second signatory, and where they sign for.
#[derive(Debug, Clone)]
pub struct Cosigner {
    pub agency: agency::Model,
    pub person: person::Model,
    pub position: String,
}

/// Who signs a paper, and for which agency.
#[derive(Debug, Clone)]
pub struct Signatories {
    /// In whose name it is drafted.
    pub agency: agency::Model,
    pub signer: person::Model,
    /// The signer's position there.
    pub position: String,
    pub cosigner: Option<Cosigner>,
}

/// A file and a description that fit together: what a draft is made of.
struct Checked {
    description: Description,
    agency: agency::Model,
    signer: person::Model,
    partner: Option<AgencyId>,
    page_count: i32,
    places: Option<Places>,
    entry: Entry,
}

impl Custody {
    /// Makes a draft of a file that is in the blob store already.
    ///
    /// Comes back as the new document's id. The blob of a refused file is left without a row, and is swept away.
    ///
    /// # Errors
    /// [`Error::Upload`] where the file cannot become a document; [`Error::Metadata`] where a limit is broken;
    /// [`Error::NotFound`] where the signer is nobody this person may draft for.
    pub async fn draft(
        &self,
        presence: &Presence,
        description: Description,
        stored: &Stored,
    ) -> Result<DocumentId> {
        self.draft_for(presence, description, stored, None).await
    }

    /// As [`Custody::draft`]; `meeting` is the one whose paper it becomes.
    ///
    /// # Errors
    /// As there, and [`Error::Stale`] where the meeting has such a paper already, or is over and invites nobody.
    pub async fn draft_for(
        &self,
        presence: &Presence,
        description: Description,
        stored: &Stored,
        meeting: Option<&ForMeeting>,
    ) -> Result<DocumentId> {
        let now = self.clock.now();
        let id = DocumentId(self.clock.new_id());
        let drafter = meeting.and_then(|meeting| meeting.drafter.as_ref());
        let drafter = drafter.unwrap_or(&presence.person_id);
        let checked = self.checked(presence, &id, drafter, description, stored).await?;
        let row = document::ActiveModel {
            id: Set(id.clone()),
            agency_id: Set(checked.agency.id.clone()),
            drafter_id: Set(drafter.clone()),
            state: Set(Document::DRAFT.state),
            leader_signed: Set(false),
            numbered: Set(false),
            agency_signed: Set(false),
            content_initialled: Set(false),
            form_initialled: Set(false),
            number: Set(None),
            number_year: Set(None),
            issued_on: Set(None),
            remark: Set(None),
            revision: Set(0),
            created_at: Set(now),
            updated_at: Set(now),
            ..checked.columns()
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
                checked.keep(tx, &id).await?;
                search::add(tx, std::slice::from_ref(&checked.entry)).await?;
                audit::append(tx, now, &presence.actor(), "document.drafted", &subject, detail).await?;
                if let Some(meeting) = meeting {
                    meeting.keep(tx, now, presence, &id).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(id)
    }

    /// Replaces what is said of a draft, and its file where there is a new one.
    ///
    /// # Errors
    /// As [`Custody::draft`], and the rules': once submitted it is the signer's to give back.
    pub async fn revise(
        &self,
        presence: &Presence,
        id: &DocumentId,
        description: Description,
        stored: Option<&Stored>,
    ) -> Result<()> {
        self.revise_with(presence, id, description, stored, None).await
    }

    /// As [`Custody::revise`], with what the paper gives agencies to do, where that changes too.
    ///
    /// # Errors
    /// As there.
    pub async fn revise_with(
        &self,
        presence: &Presence,
        id: &DocumentId,
        description: Description,
        stored: Option<&Stored>,
        tasks: Option<&[Task]>,
    ) -> Result<()> {
        let step = self.permit(presence, id, Action::Revise, None).await?;
        let standing = self.latest(id, Purpose::Draft).await?;
        let standing = Stored {
            sha256: standing.blob,
            size_bytes: u64::try_from(standing.size_bytes).unwrap_or(0),
        };
        let file = stored.unwrap_or(&standing);
        let checked = self
            .checked(presence, id, &step.row.drafter_id, description, file)
            .await?;
        if checked.agency.id != step.row.agency_id {
            return Err(Error::NotFound);
        }
        let version = stored.map(|stored| NewVersion {
            purpose: Purpose::Draft,
            continues: None,
            stored,
            level: None,
            by: &presence.person_id,
        });
        let now = self.clock.now();
        let detail = json!({ "blob": file.sha256, "new_file": stored.is_some() });
        self.store
            .write(async |tx| {
                if let Some(version) = &version {
                    version.insert(tx, now, id).await?;
                }
                checked.keep(tx, id).await?;
                if let Some(tasks) = tasks {
                    task::keep(tx, id, tasks).await?;
                }
                search::replace(tx, &checked.entry).await?;
                step.take(tx, now, &presence.actor(), checked.columns(), detail)
                    .await
            })
            .await?;
        fail_point::hit("draft.revised");
        Ok(())
    }

    async fn checked(
        &self,
        presence: &Presence,
        id: &DocumentId,
        drafter: &PersonId,
        description: Description,
        stored: &Stored,
    ) -> Result<Checked> {
        let description = Description {
            metadata: description.metadata.checked()?,
            ..description
        };
        let Signatories {
            agency,
            signer,
            cosigner,
            ..
        } = self.signatories(presence, &description).await?;
        if let Some(answered) = &description.reply_to {
            let incoming = self.received(presence, answered).await?;
            if incoming.receiver_id != agency.id {
                return Err(Error::NotFound);
            }
        }
        self.check_reviewers(&agency.id, &description.reviewers).await?;
        if let Some((_, related)) = &description.mends {
            self.check_relation(presence, &agency.id, related).await?;
        }
        let document = self.store.blobs().get(&stored.sha256).await?;
        let now = self.clock.now_utc();
        let pages = self.run(move || intake::check(&document, now)).await??;
        let (signature, seal) = self.sizes(&signer.id, &agency.id).await?;
        let second = match &cosigner {
            Some(second) => Some(Second {
                presided: description.kind.code == Kind::MINUTES,
                ..self.second(&agency.id, &second.person, &second.agency.id).await?
            }),
            None => None,
        };
        let found = find_places(&pages, &signer.full_name, None, signature, seal, second.as_ref());
        let partner = cosigner
            .as_ref()
            .map(|second| second.agency.id.clone())
            .filter(|partner| *partner != agency.id);
        let said = Said {
            id,
            kind: description.kind,
            subject: &description.subject,
            agency: &agency,
            drafter,
            signer: &signer.id,
            signer_name: &signer.full_name,
            cosigner: cosigner.as_ref().map(|second| &second.person),
            partner: partner.as_ref(),
            reviewers: [
                description.reviewers.content.as_ref(),
                description.reviewers.form.as_ref(),
            ],
        };
        let entry = said.entry(&pages);
        let typeset = description.blanks.as_ref().map(place::blanks);
        Ok(Checked {
            places: found.map(|found| match typeset {
                Some(texts) => Places { texts, ..found },
                None => found,
            }),
            page_count: i32::try_from(pages.len()).unwrap_or(i32::MAX),
            entry,
            description,
            agency,
            signer,
            partner,
        })
    }

    /// Who signs what is described: a leader, perhaps with a second one; or over minutes of two signatories the secretary,
    /// who drafts there too, and a leader of the same agency, who presided.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the signer is nobody this person may draft for, [`Error::Cosigner`], [`Error::Secretary`].
    pub async fn signatories(&self, presence: &Presence, description: &Description) -> Result<Signatories> {
        if description.cosigner.as_ref() == Some(&description.signer) {
            return Err(Error::Cosigner);
        }
        if description.kind.code == Kind::MINUTES
            && let Some(chair) = &description.cosigner
        {
            return self
                .secretary_and_chair(presence, &description.signer, chair)
                .await;
        }
        let (agency, signer, position) = self.signer(presence, &description.signer).await?;
        let cosigner = match &description.cosigner {
            Some(cosigner) => Some(self.cosigner(&agency.id, cosigner).await?),
            None => None,
        };
        Ok(Signatories {
            agency,
            signer,
            position,
            cosigner,
        })
    }

    /// Both sign for one agency, whose seal lies over the chair's signature.
    async fn secretary_and_chair(
        &self,
        presence: &Presence,
        secretary: &PersonId,
        chair: &PersonId,
    ) -> Result<Signatories> {
        let held = membership::Entity::find()
            .filter(membership::Column::PersonId.is_in([secretary.clone(), chair.clone()]))
            .all(self.store.read())
            .await?;
        let (chair, secretary) = in_one_agency(&held, presence, secretary, chair)?;
        let read = self.store.read();
        let agency = agency::Entity::find_by_id(chair.agency_id).one(read).await?;
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in([chair.person_id.clone(), secretary.person_id.clone()]))
            .all(read)
            .await?;
        let named = |id: &PersonId| people.iter().find(|one| one.id == *id).cloned();
        let people = named(&secretary.person_id).zip(named(&chair.person_id));
        let ((signer, person), agency) = people.zip(agency).ok_or(Error::NotFound)?;
        Ok(Signatories {
            signer,
            position: secretary.position,
            cosigner: Some(Cosigner {
                agency: agency.clone(),
                person,
                position: chair.position,
            }),
            agency,
        })
    }

    /// The second signatory of a paper of `agency`: a leader there, or else of another agency.
    ///
    /// # Errors
    /// [`Error::Cosigner`] where the person leads none.
    async fn cosigner(&self, agency: &AgencyId, cosigner: &PersonId) -> Result<Cosigner> {
        let leads = membership::Entity::find()
            .filter(membership::Column::PersonId.eq(cosigner.clone()))
            .filter(membership::Column::Role.eq(Role::Leader))
            .all(self.store.read())
            .await?;
        let at_home = leads.iter().find(|held| held.agency_id == *agency);
        let held = at_home.or(leads.first()).ok_or(Error::Cosigner)?;
        let read = self.store.read();
        let agency = agency::Entity::find_by_id(held.agency_id.clone())
            .one(read)
            .await?;
        let person = person::Entity::find_by_id(cosigner.clone()).one(read).await?;
        let (agency, person) = agency.zip(person).ok_or(Error::Cosigner)?;
        Ok(Cosigner {
            agency,
            person,
            position: held.position.clone(),
        })
    }

    /// What finding the places needs to know of the second signatory.
    pub(super) async fn second(
        &self,
        agency: &AgencyId,
        cosigner: &person::Model,
        partner: &AgencyId,
    ) -> Result<Second> {
        let (signature, seal) = self.sizes(&cosigner.id, partner).await?;
        Ok(Second {
            full_name: cosigner.full_name.clone(),
            signature,
            seal: (partner != agency).then_some(seal),
            presided: false,
        })
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
            .find(|held| may(&presence.held, role::Action::Draft, &held.agency_id));
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
    pub(super) async fn sizes(&self, signer: &PersonId, agency: &AgencyId) -> Result<(Size, Size)> {
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

    pub(super) async fn size(&self, holder: &Holder) -> Result<Option<Size>> {
        let row = signature_image::Entity::find_by_id(holder.to_string())
            .one(self.store.read())
            .await?;
        Ok(row.map(|row| Size {
            width_mm: row.width_mm,
            height_mm: row.height_mm,
        }))
    }
}

impl Checked {
    /// What the document's row says of it.
    fn columns(&self) -> document::ActiveModel {
        let said = &self.description;
        let unit = said.metadata.unit.as_deref();
        document::ActiveModel {
            signer_id: Set(self.signer.id.clone()),
            cosigner_id: Set(said.cosigner.clone()),
            partner_id: Set(self.partner.clone()),
            kind: Set(said.kind.code.to_owned()),
            subject: Set(said.subject.clone()),
            urgency: Set(said.urgency),
            notation: Set(numbering::notation(said.kind, &self.agency.symbol, unit)),
            places: Set(self
                .places
                .as_ref()
                .and_then(|places| serde_json::to_string(places).ok())),
            reply_to: Set(said.reply_to.clone()),
            content_reviewer_id: Set(said.reviewers.content.clone()),
            form_reviewer_id: Set(said.reviewers.form.clone()),
            ..Default::default()
        }
    }

    /// Keeps what is said besides, in place of what was said before.
    async fn keep(&self, tx: &Tx, id: &DocumentId) -> Result<()> {
        use document_metadata::{ActiveModel, Column, Entity};
        let said = &self.description;
        let row = ActiveModel {
            document_id: Set(id.clone()),
            agency_id: Set(self.agency.id.clone()),
            subject_key: Set(subject_key(said.kind.code, &said.subject)),
            page_count: Set(self.page_count),
            said: Set(
                serde_json::to_string(&said.metadata).map_err(|_| Error::Row("document_metadata.said"))?
            ),
            body: Set(said.body.clone()),
        };
        let columns = [Column::SubjectKey, Column::PageCount, Column::Said, Column::Body];
        relation::keep(tx, id, said.mends.as_ref()).await?;
        let replace = OnConflict::column(Column::DocumentId)
            .update_columns(columns)
            .to_owned();
        Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// What chair and secretary are in an agency which the one leads and where the other may sign minutes; `presence` drafts there.
fn in_one_agency(
    held: &[membership::Model],
    presence: &Presence,
    secretary: &PersonId,
    chair: &PersonId,
) -> Result<(membership::Model, membership::Model)> {
    let mut leads = held
        .iter()
        .filter(|one| one.person_id == *chair && one.role == Role::Leader)
        .peekable();
    leads.peek().ok_or(Error::Cosigner)?;
    let mut there = leads.filter(|one| may(&presence.held, role::Action::Draft, &one.agency_id));
    let signs = |one: &&membership::Model, agency: &AgencyId| {
        let own = [role::Held::own(one.agency_id.clone(), one.role)];
        one.person_id == *secretary && may(&own, role::Action::SignAsSecretary, agency)
    };
    let both = there.find_map(|chair| {
        let own = held.iter().find(|one| signs(one, &chair.agency_id))?;
        Some((chair.clone(), own.clone()))
    });
    both.ok_or(Error::Secretary)
}

pub(super) const USUAL_SIGNATURE: Size = Size {
    width_mm: 50.0,
    height_mm: 22.0,
};
/// Round seals of agencies are 36 mm wide.
const USUAL_SEAL: Size = Size {
    width_mm: 36.0,
    height_mm: 36.0,
};
