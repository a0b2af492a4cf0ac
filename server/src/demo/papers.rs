//! The papers that lie on the desks of the demo.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Error;
use super::organisation::Organisation;
use super::province::PROVINCE;
use crate::custody::Presence;
use crate::custody::draft::Description;
use crate::custody::initials::Reviewers;
use crate::domain::document::{DocumentId, State};
use crate::domain::document_metadata::Metadata;
use crate::domain::id::PersonId;
use crate::domain::numbering::Kind;
use crate::domain::role::{Held, Role};
use crate::parts::App;
use crate::render::{self, Sample};
use crate::store::entity::document;

/// Who drafts, and who signs.
const DRAFTER: &str = "chuyenvien";
const SIGNER: &str = "chutich";

/// Each paper, how urgent it is, and whether it has been submitted.
const PAPERS: [(Sample, i16, bool); 3] = [
    (Sample::Reform, 0, true),
    (Sample::Recruitment, 3, true),
    (Sample::Conference, 0, false),
];

/// Drafts what is not there yet, and submits what should wait for the chair's signature.
pub(super) async fn draft(app: &App, organisation: &Organisation) -> Result<(), Error> {
    let presence = Presence {
        person_id: organisation.person(DRAFTER)?.clone(),
        held: vec![Held::own(organisation.agency(PROVINCE)?.clone(), Role::Officer)],
    };
    let signer = organisation.person(SIGNER)?;
    for (sample, urgency, is_submitted) in PAPERS {
        let (id, is_draft) = one(app, &presence, signer, sample, urgency).await?;
        if is_submitted && is_draft {
            app.custody.submit(&presence, &id).await?;
        }
    }
    Ok(())
}

/// The paper's id, and whether it is still a draft.
async fn one(
    app: &App,
    presence: &Presence,
    signer: &PersonId,
    sample: Sample,
    urgency: i16,
) -> Result<(DocumentId, bool), Error> {
    let now = app.clock.now_utc();
    let plan = sample.paper(now.to_offset(HANOI).year())?;
    let subject = plan.subject.clone();
    let stored = document::Entity::find()
        .filter(document::Column::DrafterId.eq(presence.person_id.clone()))
        .filter(document::Column::Subject.eq(&subject))
        .one(app.store.read())
        .await?;
    if let Some(row) = stored {
        return Ok((row.id, row.state == State::Draft));
    }
    let paper = tokio::task::spawn_blocking(move || render::typeset(&plan, now))
        .await
        .map_err(|error| render::Error::Template(error.to_string()))??;
    let stored = app.store.blobs().put(paper.pdf).await?;
    let kind = Kind::from_code("KH").ok_or(Error::Unknown("KH"))?;
    let description = Description {
        subject,
        kind,
        urgency,
        signer: signer.clone(),
        cosigner: None,
        reply_to: None,
        metadata: Metadata::default(),
        body: None,
        reviewers: Reviewers::default(),
        mends: None,
        blanks: None,
    };
    Ok((app.custody.draft(presence, description, &stored).await?, true))
}

/// Vietnam has one zone and no summer time.
const HANOI: time::UtcOffset = time::macros::offset!(+7);
