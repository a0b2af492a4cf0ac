//! Lines of the register of papers sent by the postal service.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Book, Line};
use crate::api::page::PageQuery;
use crate::api::problem::Problem;
use crate::domain::document::{DocumentId, State};
use crate::domain::numbering::{self, VIETNAM};
use crate::domain::outside::Way;
use crate::domain::register::day;
use crate::parts::App;
use crate::store::entity::document;
use crate::store::entity::outside_sending::{Column, Entity, Model};

pub(super) async fn lines(app: &App, book: &Book, query: &PageQuery) -> Result<Vec<Line>, Problem> {
    let (from, until) = book.period.all_moments();
    let mut find = Entity::find()
        .filter(Column::AgencyId.eq(book.agency.id.clone()))
        .filter(Column::Way.eq(Way::Post))
        .filter(Column::SentAt.gte(from))
        .filter(Column::SentAt.lt(until))
        .order_by_desc(Column::Id)
        .limit(query.rows());
    if let Some(after) = &query.after {
        find = find.filter(Column::Id.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let documents = document::Entity::find()
        .filter(document::Column::Id.is_in(rows.iter().map(|row| row.document_id.clone())))
        .all(app.store.read())
        .await?;
    let documents = documents.into_iter().map(|row| (row.id.clone(), row)).collect();
    Ok(rows.iter().map(|row| line(row, &documents)).collect())
}

fn line(row: &Model, documents: &BTreeMap<DocumentId, document::Model>) -> Line {
    let document = documents.get(&row.document_id);
    let number = document.and_then(|document| u32::try_from(document.number?).ok());
    let code = document
        .zip(number)
        .map(|(document, number)| numbering::code(number, &document.notation));
    let recalled = document.is_some_and(|document| document.state == State::Recalled);
    let mut notes = Vec::new();
    notes.extend(
        row.tracking_code
            .as_ref()
            .map(|code| format!("Mã bưu gửi {code}")),
    );
    notes.extend(recalled.then(|| "Thu hồi".to_owned()));
    Line {
        key: row.id.clone(),
        href: format!("/van-ban/{}", row.document_id),
        is_late: false,
        cells: vec![
            day(row.sent_at.to_offset_date_time().to_offset(VIETNAM).date()),
            code.unwrap_or_default(),
            format!("{}, {}", row.receiver, row.address),
            row.copies.to_string(),
            // Signed and stamped by the post office on the printed sheet.
            String::new(),
            notes.join("; "),
        ],
    }
}
