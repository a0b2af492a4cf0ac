//! Documents that came on paper: what the clerk typed of each. Its scan and its way stand in `dispatch`.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "paper_arrival")]
pub struct Model {
    /// As the dispatch names it; no row of `document` has this id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// Who received it.
    pub agency_id: AgencyId,
    /// Tác giả: whoever issued it, in words.
    pub author: String,
    /// Number and symbol as they stand on the paper; empty where it bears none.
    pub code: String,
    /// Day of its date line: `2026-03-05`.
    pub issued_on: Option<String>,
    /// A code of [`crate::domain::numbering::KINDS`].
    pub kind: String,
    pub subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    /// Who signed it by hand.
    pub signer: Option<String>,
    /// [`crate::domain::paper_arrival::Described::double_key`].
    pub double_key: String,
    /// Of the scan.
    pub page_count: i32,
    pub size_bytes: i64,
    pub person_id: PersonId,
    pub registered_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
