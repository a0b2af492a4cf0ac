//! Lines of the register of incoming documents, and of the book that follows their handling.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Book, Line};
use crate::api::came::{self, Came};
use crate::api::documents::view;
use crate::api::page::PageQuery;
use crate::api::problem::Problem;
use crate::clock::Timestamp;
use crate::domain::dispatch::{DispatchId, Recall, Status};
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::numbering::{self, VIETNAM};
use crate::domain::register::{Register, day, is_late, stored_day, titled};
use crate::parts::App;
use crate::store::entity::dispatch::{Column, Entity, Model};
use crate::store::entity::{dispatch_status, dispatch_support, document};

pub(super) async fn lines(app: &App, book: &Book, query: &PageQuery) -> Result<Vec<Line>, Problem> {
    let mut find = Entity::find()
        .filter(Column::ReceiverId.eq(book.agency.id.clone()))
        .filter(Column::ArrivalYear.eq(book.period.year()))
        .filter(Column::ArrivalNumber.is_not_null())
        .order_by_desc(Column::ArrivalNumber)
        .limit(query.rows());
    if let Some((from, until)) = book.period.moments() {
        find = find
            .filter(Column::RegisteredAt.gte(from))
            .filter(Column::RegisteredAt.lt(until));
    }
    if let Some(after) = &query.after {
        let after: i32 = after
            .parse()
            .map_err(|_| Problem::malformed("Tham số after không đúng.", "Unknown value of after."))?;
        find = find.filter(Column::ArrivalNumber.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let names = Names::of(app, &rows).await?;
    let today = numbering::local_date(app.clock.now_utc());
    let line = |row: &Model| {
        let late = is_late(row.due_on.as_deref(), is_over(row.status), today);
        Line {
            key: row.arrival_number.unwrap_or(0).to_string(),
            href: format!("/van-ban-den/{}", row.id),
            is_late: late,
            cells: match book.register {
                Register::Handling => handling(row, &names, late),
                _ => incoming(row, &names),
            },
        }
    };
    Ok(rows.iter().map(line).collect())
}

fn incoming(row: &Model, names: &Names) -> Vec<String> {
    let came = names.came(row);
    vec![
        local_day(row.registered_at),
        arrival(row),
        came.map(|came| came.author.name.clone()).unwrap_or_default(),
        came.map(|came| came.code.clone()).unwrap_or_default(),
        stored_day(came.and_then(|came| came.issued_on.as_deref())),
        came.map(|came| titled(came.kind_name, &came.subject))
            .unwrap_or_default(),
        names.lead(row),
        local_day(row.instructed_at),
        names
            .begun
            .get(&row.id)
            .map(|at| format!("Đã nhận {}", local_day(Some(*at))))
            .unwrap_or_default(),
        remark(row, came),
    ]
}

/// Ghi chú: how its recall stands, and that there is a paper to keep.
fn remark(row: &Model, came: Option<&Came>) -> String {
    let paper = came.is_some_and(|came| came.on_paper).then_some("Văn bản giấy");
    let parts = [paper.unwrap_or_default(), recalled(row)];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn handling(row: &Model, names: &Names, late: bool) -> Vec<String> {
    let what = names.came(row).map(|came| {
        let said = |label: &str, value: &str| match value {
            "" => String::new(),
            value => format!(" {label} {value}"),
        };
        format!(
            "{}{}{} của {}",
            came.kind_name,
            said("số", &came.code),
            said("ngày", &stored_day(came.issued_on.as_deref())),
            came.author.name
        )
    });
    let mut who = vec![names.lead(row)];
    if let Some(support) = names.support.get(&row.id) {
        who.push(format!("phối hợp: {}", support.join(", ")));
    }
    who.retain(|part| !part.is_empty());
    let replies = names.replies.get(&row.id).map(|codes| codes.join("; "));
    let mut notes = vec![recalled(row).to_owned(), row.outcome.clone().unwrap_or_default()];
    notes.retain(|note| !note.is_empty());
    vec![
        arrival(row),
        what.unwrap_or_default(),
        who.join("; "),
        stored_day(row.due_on.as_deref()),
        progress(row, late),
        replies.unwrap_or_default(),
        notes.join("; "),
    ]
}

fn progress(row: &Model, late: bool) -> String {
    let standing = match row.status {
        Status::Accepted => "Chờ ý kiến chỉ đạo".to_owned(),
        Status::Assigned => "Đã phân công".to_owned(),
        Status::InProgress => "Đang xử lý".to_owned(),
        Status::Completed => format!("Hoàn thành {}", local_day(row.completed_at)),
        _ => String::new(),
    };
    if late {
        format!("{standing}, quá hạn")
    } else {
        standing
    }
}

fn recalled(row: &Model) -> &'static str {
    match row.recall {
        Recall::None => "",
        Recall::Asked => "Nơi gửi yêu cầu lấy lại",
        Recall::Agreed => "Đã trả lại nơi gửi (thu hồi)",
        Recall::Refused => "Không đồng ý trả lại",
    }
}

fn is_over(status: Status) -> bool {
    matches!(
        status,
        Status::Returned | Status::Completed | Status::RecallAgreed
    )
}

fn arrival(row: &Model) -> String {
    row.arrival_number
        .and_then(|number| u32::try_from(number).ok())
        .map(numbering::printed)
        .unwrap_or_default()
}

fn local_day(at: Option<Timestamp>) -> String {
    at.map(|at| day(at.to_offset_date_time().to_offset(VIETNAM).date()))
        .unwrap_or_default()
}

/// What a page of lines needs, asked for at once.
struct Names {
    people: BTreeMap<PersonId, String>,
    came: BTreeMap<DocumentId, Came>,
    support: BTreeMap<DispatchId, Vec<String>>,
    begun: BTreeMap<DispatchId, Timestamp>,
    replies: BTreeMap<DispatchId, Vec<String>>,
}

impl Names {
    async fn of(app: &App, rows: &[Model]) -> Result<Self, Problem> {
        let ids: Vec<DispatchId> = rows.iter().map(|row| row.id.clone()).collect();
        let read = app.store.read();
        let supporters = dispatch_support::Entity::find()
            .filter(dispatch_support::Column::DispatchId.is_in(ids.clone()))
            .all(read)
            .await?;
        let begun = dispatch_status::Entity::find()
            .filter(dispatch_status::Column::DispatchId.is_in(ids.clone()))
            .filter(dispatch_status::Column::Status.is_in([Status::InProgress, Status::Completed]))
            .order_by_desc(dispatch_status::Column::Number)
            .all(read)
            .await?;
        let replies = document::Entity::find()
            .filter(document::Column::ReplyTo.is_in(ids))
            .filter(document::Column::Number.is_not_null())
            .all(read)
            .await?;
        let people = rows.iter().filter_map(|row| row.lead_id.clone());
        let people = people.chain(supporters.iter().map(|row| row.person_id.clone()));
        let people = view::people(app, people.collect()).await?;
        let mut names = Self {
            came: came::of(app, rows).await?,
            // The earliest stands last, and stays.
            begun: begun.into_iter().map(|row| (row.dispatch_id, row.at)).collect(),
            support: BTreeMap::new(),
            replies: BTreeMap::new(),
            people,
        };
        for row in supporters {
            let name = names.people.get(&row.person_id).cloned().unwrap_or_default();
            names.support.entry(row.dispatch_id).or_default().push(name);
        }
        for row in replies {
            let code = came::code(&row).unwrap_or_default();
            if let Some(answered) = row.reply_to {
                names.replies.entry(answered).or_default().push(code);
            }
        }
        Ok(names)
    }

    fn came(&self, row: &Model) -> Option<&Came> {
        self.came.get(&row.document_id)
    }

    fn lead(&self, row: &Model) -> String {
        let lead = row.lead_id.as_ref().and_then(|lead| self.people.get(lead));
        lead.cloned().unwrap_or_default()
    }
}
