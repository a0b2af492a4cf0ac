//! What stands beside a document: its appendices, its initials, and papers that mend it or that it mends.

use std::collections::BTreeSet;

use sea_orm::EntityTrait;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::people;
use crate::api::problem::Problem;
use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::initial::Part;
use crate::domain::numbering;
use crate::domain::outside::{Standing, Way};
use crate::domain::relation::Relation;
use crate::parts::App;
use crate::store::entity::document;

/// An appendix in a file of its own.
#[derive(Serialize, ToSchema)]
pub struct Appendix {
    /// From 1.
    pub number: i32,
    pub title: String,
    pub page_count: i32,
    pub size_bytes: i64,
    /// The agency has signed it.
    pub sealed: bool,
}

/// Who is to check it before it is signed, and who has.
#[derive(Serialize, ToSchema)]
pub struct Review {
    pub content: Option<Reviewer>,
    pub form: Option<Reviewer>,
    /// Every initial, those made void by a later change too.
    pub initials: Vec<Initial>,
}

/// One who was named to check it.
#[derive(Serialize, ToSchema)]
pub struct Reviewer {
    pub id: PersonId,
    pub full_name: String,
    pub done: bool,
}

/// A check that was made (ký nháy).
#[derive(Serialize, ToSchema)]
pub struct Initial {
    pub part: Part,
    pub full_name: String,
    pub note: Option<String>,
    pub made_at: Timestamp,
    /// The draft was changed afterwards.
    pub void_at: Option<Timestamp>,
}

/// A paper that mends or is mended.
#[derive(Serialize, ToSchema)]
#[schema(as = RelatedDocument)]
pub struct Related {
    pub relation: Relation,
    pub id: DocumentId,
    /// Number and symbol, once given.
    pub code: Option<String>,
    pub subject: String,
    pub issued_on: Option<String>,
}

/// A sending to a receiver outside this system.
#[derive(Serialize, ToSchema)]
#[schema(as = OutsideSending)]
pub struct Outside {
    pub id: String,
    pub way: Way,
    pub receiver: String,
    pub address: String,
    pub copies: i32,
    pub standing: Standing,
    /// What the mail server said last.
    pub answer: Option<String>,
    /// Of the postal service, once known.
    pub tracking_code: Option<String>,
    pub sent_at: Timestamp,
    pub standing_at: Timestamp,
}

impl From<crate::store::entity::outside_sending::Model> for Outside {
    fn from(row: crate::store::entity::outside_sending::Model) -> Self {
        Self {
            id: row.id,
            way: row.way,
            receiver: row.receiver,
            address: row.address,
            copies: row.copies,
            standing: row.standing,
            answer: row.answer,
            tracking_code: row.tracking_code,
            sent_at: row.sent_at,
            standing_at: row.standing_at,
        }
    }
}

/// All of it for one document.
pub(super) struct Beside {
    pub outside: Vec<Outside>,
    pub appendices: Vec<Appendix>,
    pub review: Review,
    pub mends: Option<Related>,
    pub mended_by: Vec<Related>,
}

impl Beside {
    pub(super) async fn of(app: &App, row: &document::Model) -> Result<Self, Problem> {
        let appendices = app.custody.appendices(&row.id).await?;
        let appendix = |row: crate::store::entity::document_appendix::Model| Appendix {
            number: row.number,
            title: row.title,
            page_count: row.page_count,
            size_bytes: row.sealed_size_bytes.unwrap_or(row.size_bytes),
            sealed: row.sealed.is_some(),
        };
        let outside = app.custody.sent_outside(&row.id).await?;
        Ok(Self {
            outside: outside.into_iter().map(Outside::from).collect(),
            appendices: appendices.into_iter().map(appendix).collect(),
            review: review(app, row).await?,
            mends: mends(app, &row.id).await?,
            mended_by: mended_by(app, &row.id).await?,
        })
    }
}

async fn review(app: &App, row: &document::Model) -> Result<Review, Problem> {
    let initials = app.custody.initials(&row.id).await?;
    let ids: BTreeSet<PersonId> = initials
        .iter()
        .map(|initial| initial.person_id.clone())
        .chain(row.content_reviewer_id.clone())
        .chain(row.form_reviewer_id.clone())
        .collect();
    let names = people(app, ids).await?;
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_default();
    let reviewer = |id: &Option<PersonId>, done| {
        id.clone().map(|id| Reviewer {
            full_name: name(&id),
            id,
            done,
        })
    };
    let initial = |row: &crate::store::entity::document_initial::Model| Initial {
        part: row.part,
        full_name: name(&row.person_id),
        note: row.note.clone(),
        made_at: row.made_at,
        void_at: row.void_at,
    };
    Ok(Review {
        content: reviewer(&row.content_reviewer_id, row.content_initialled),
        form: reviewer(&row.form_reviewer_id, row.form_initialled),
        initials: initials.iter().map(initial).collect(),
    })
}

/// What this paper corrects or replaces.
pub(super) async fn mends(app: &App, id: &DocumentId) -> Result<Option<Related>, Problem> {
    let Some(mends) = app.custody.mends(id).await? else {
        return Ok(None);
    };
    let paper = document::Entity::find_by_id(mends.related_id)
        .one(app.store.read())
        .await?;
    Ok(paper.map(|paper| related(mends.relation, paper)))
}

/// Issued papers that correct or replace this one.
pub(super) async fn mended_by(app: &App, id: &DocumentId) -> Result<Vec<Related>, Problem> {
    let papers = app.custody.mended_by(id).await?;
    Ok(papers
        .into_iter()
        .map(|(relation, paper)| related(relation, paper))
        .collect())
}

fn related(relation: Relation, paper: document::Model) -> Related {
    let number = paper.number.and_then(|number| u32::try_from(number).ok());
    Related {
        relation,
        code: number.map(|number| numbering::code(number, &paper.notation)),
        id: paper.id,
        subject: paper.subject,
        issued_on: paper.issued_on,
    }
}
