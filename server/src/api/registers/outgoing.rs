//! Lines of the register of outgoing documents.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Book, Line};
use crate::api::documents::view;
use crate::api::page::PageQuery;
use crate::api::problem::Problem;
use crate::domain::dispatch::{Recall, Status};
use crate::domain::document::{DocumentId, State};
use crate::domain::numbering::{self, Kind, VIETNAM};
use crate::domain::register::{day, stored_day, titled};
use crate::parts::App;
use crate::store::entity::dispatch::{self, Entity as Dispatch};
use crate::store::entity::document::{Column, Entity, Model};

pub(super) async fn lines(app: &App, book: &Book, query: &PageQuery) -> Result<Vec<Line>, Problem> {
    let mut find = Entity::find()
        .filter(Column::AgencyId.eq(book.agency.id.clone()))
        .filter(Column::NumberYear.eq(book.period.year()))
        .filter(Column::Number.is_not_null())
        .order_by_desc(Column::IssuedOn)
        .order_by_desc(Column::Notation)
        .order_by_desc(Column::Number)
        .limit(query.rows());
    if let Some((from, to)) = book.period.days() {
        find = find.filter(Column::IssuedOn.between(from, to));
    }
    if let Some(after) = &query.after {
        find = find.filter(before(after)?);
    }
    let rows = find.all(app.store.read()).await?;
    let names = Names::of(app, &rows).await?;
    Ok(rows.iter().map(|row| line(row, &names)).collect())
}

fn line(row: &Model, names: &Names) -> Line {
    let number = row
        .number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0);
    let kind = Kind::from_code(&row.kind)
        .map(|kind| kind.name)
        .unwrap_or_default();
    let name = |id| names.people.get(id).cloned().unwrap_or_default();
    let sent = names.sent.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let first = sent.iter().map(|dispatch| dispatch.sent_at).min();
    let taken = sent
        .iter()
        .filter(|dispatch| dispatch.arrival_number.is_some())
        .count();
    Line {
        key: key(row),
        href: format!("/van-ban/{}", row.id),
        is_late: false,
        cells: vec![
            numbering::code(number, &row.notation),
            stored_day(row.issued_on.as_deref()),
            titled(kind, &row.subject),
            match &row.cosigner_id {
                Some(cosigner) => format!("{}, {}", name(&row.signer_id), name(cosigner)),
                None => name(&row.signer_id),
            },
            receivers(sent, names),
            format!("Văn thư; {}", name(&row.drafter_id)),
            sent.len().to_string(),
            first
                .map(|at| day(at.to_offset_date_time().to_offset(VIETNAM).date()))
                .unwrap_or_default(),
            match sent.len() {
                0 => String::new(),
                all => format!("{taken}/{all} nơi đã vào sổ"),
            },
            note(row, sent),
        ],
    }
}

/// Every receiver by name; a long list is told by its first ones and a count, as papers do.
fn receivers(sent: &[dispatch::Model], names: &Names) -> String {
    let mut shown: Vec<String> = sent
        .iter()
        .take(MOST_NAMES)
        .filter_map(|dispatch| names.agencies.get(&dispatch.receiver_id).cloned())
        .collect();
    if sent.len() > MOST_NAMES {
        shown.push(format!("và {} nơi khác", sent.len() - MOST_NAMES));
    }
    shown.join("; ")
}

const MOST_NAMES: usize = 8;

fn note(row: &Model, sent: &[dispatch::Model]) -> String {
    let returned = sent
        .iter()
        .filter(|dispatch| dispatch.status == Status::Returned)
        .count();
    let mut notes = Vec::new();
    match row.state {
        State::Recalled => {
            let agreed = sent
                .iter()
                .filter(|dispatch| dispatch.recall == Recall::Agreed)
                .count();
            notes.push(format!("Thu hồi, {agreed}/{} nơi trả lại", sent.len()));
        }
        State::Issued => {}
        _ => notes.push("Chưa phát hành".to_owned()),
    }
    if returned > 0 {
        notes.push(format!("{returned} nơi từ chối"));
    }
    notes.join("; ")
}

/// `{date}~{notation}~{number}`: the order of the book.
fn key(row: &Model) -> String {
    let issued_on = row.issued_on.clone().unwrap_or_default();
    format!("{issued_on}~{}~{}", row.notation, row.number.unwrap_or(0))
}

fn before(key: &str) -> Result<Condition, Problem> {
    let parts: Vec<&str> = key.split('~').collect();
    let [date, notation, number] = parts[..] else {
        return Err(unknown());
    };
    let number: i32 = number.parse().map_err(|_| unknown())?;
    let same_day = Condition::all().add(Column::IssuedOn.eq(date));
    let same_symbol = same_day.clone().add(Column::Notation.eq(notation));
    Ok(Condition::any()
        .add(Column::IssuedOn.lt(date))
        .add(same_day.add(Column::Notation.lt(notation)))
        .add(same_symbol.add(Column::Number.lt(number))))
}

fn unknown() -> Problem {
    Problem::malformed("Tham số after không đúng.", "Unknown value of after.")
}

/// What a page of lines needs, asked for at once.
struct Names {
    people: BTreeMap<crate::domain::id::PersonId, String>,
    agencies: BTreeMap<crate::domain::id::AgencyId, String>,
    sent: BTreeMap<DocumentId, Vec<dispatch::Model>>,
}

impl Names {
    async fn of(app: &App, rows: &[Model]) -> Result<Self, Problem> {
        let people = rows
            .iter()
            .flat_map(|row| {
                [
                    Some(row.drafter_id.clone()),
                    Some(row.signer_id.clone()),
                    row.cosigner_id.clone(),
                ]
            })
            .flatten()
            .collect();
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let dispatches = Dispatch::find()
            .filter(dispatch::Column::DocumentId.is_in(ids))
            // What receivers hand on is in their books.
            .filter(dispatch::Column::ForwardedFrom.is_null())
            .order_by_asc(dispatch::Column::Id)
            .all(app.store.read())
            .await?;
        let agencies = dispatches.iter().map(|row| row.receiver_id.clone()).collect();
        let agencies = view::agencies(app, agencies).await?;
        let mut sent: BTreeMap<DocumentId, Vec<dispatch::Model>> = BTreeMap::new();
        for row in dispatches {
            sent.entry(row.document_id.clone()).or_default().push(row);
        }
        Ok(Self {
            people: view::people(app, people).await?,
            agencies,
            sent,
        })
    }
}
