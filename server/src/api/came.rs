//! What is said of documents that came: of those of this system by their own rows, of those that came on paper by what the
//! clerk typed.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::documents::view::{self, Agency};
use super::problem::Problem;
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::domain::numbering::{self, Kind};
use crate::parts::App;
use crate::store::entity::{dispatch, document, paper_arrival};

/// A document as its receiver speaks of it.
#[derive(Clone)]
pub(super) struct Came {
    /// Number and symbol; empty on a paper that bears none.
    pub code: String,
    pub kind_name: &'static str,
    pub subject: String,
    pub urgency: i16,
    pub issued_on: Option<String>,
    /// Tác giả; without an id where it came on paper.
    pub author: Agency,
    pub on_paper: bool,
    /// Of what came on paper; the pages of others stand in their metadata.
    pub page_count: Option<i32>,
}

/// What these dispatches brought, by their documents; nothing for a document that has no number yet.
pub(super) async fn of(app: &App, rows: &[dispatch::Model]) -> Result<BTreeMap<DocumentId, Came>, Problem> {
    of_documents(app, rows.iter().map(|row| row.document_id.clone()).collect()).await
}

/// The same for documents by their ids.
pub(super) async fn of_documents(
    app: &App,
    ids: Vec<DocumentId>,
) -> Result<BTreeMap<DocumentId, Came>, Problem> {
    let documents = document::Entity::find()
        .filter(document::Column::Id.is_in(ids.clone()))
        .all(app.store.read())
        .await?;
    let papers = paper_arrival::Entity::find()
        .filter(paper_arrival::Column::DocumentId.is_in(ids))
        .all(app.store.read())
        .await?;
    let agencies = view::agencies(app, documents.iter().map(|row| row.agency_id.clone()).collect()).await?;
    let issued = documents.into_iter().filter_map(|row| {
        let came = Came {
            code: code(&row)?,
            kind_name: kind_name(&row.kind),
            author: view::agency_name(&agencies, &row.agency_id),
            subject: row.subject,
            urgency: row.urgency,
            issued_on: row.issued_on,
            on_paper: false,
            page_count: None,
        };
        Some((row.id, came))
    });
    let typed = papers
        .into_iter()
        .map(|row| (row.document_id.clone(), Came::from(row)));
    Ok(issued.chain(typed).collect())
}

/// Number and symbol, once given.
pub(super) fn code(row: &document::Model) -> Option<String> {
    let number = u32::try_from(row.number?).ok()?;
    Some(numbering::code(number, &row.notation))
}

/// The name of a kind by its code.
pub(super) fn kind_name(code: &str) -> &'static str {
    Kind::from_code(code).map(|kind| kind.name).unwrap_or_default()
}

impl From<paper_arrival::Model> for Came {
    fn from(row: paper_arrival::Model) -> Self {
        Self {
            code: row.code,
            kind_name: kind_name(&row.kind),
            subject: row.subject,
            urgency: row.urgency,
            issued_on: row.issued_on,
            author: Agency {
                id: AgencyId(String::new()),
                name: row.author,
            },
            on_paper: true,
            page_count: Some(row.page_count),
        }
    }
}
