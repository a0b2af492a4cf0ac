//! Letters to those who are called to a meeting, once its invitation is issued: each with the meeting for their calendar
//! (iMIP, RFC 6047).

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel,
    QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Failure, Job, enqueue};
use crate::clock::{Clock, Timestamp};
use crate::domain::calendar::Span;
use crate::domain::document::State;
use crate::domain::id::PersonId;
use crate::domain::invitation::{Course, Method, Written, when};
use crate::domain::meeting::MeetingId;
use crate::domain::numbering;
use crate::domain::outside::{GIVE_UP_AFTER, Standing};
use crate::mail::icalendar::{Calendar, Entry, Status};
use crate::mail::{Attachment, Letter, Mailer, NotSent};
use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::{agency, document, meeting, meeting_letter, meeting_member, person};
use crate::store::{Store, Tx};

/// Looks who is to be written to about a meeting, and asks for each letter.
#[derive(Serialize, Deserialize)]
pub struct WriteInvitations {
    meeting_id: MeetingId,
}

impl Job for WriteInvitations {
    const KIND: &'static str = "meeting.write_invitations";

    async fn run(self, app: App) -> Result<(), Failure> {
        if app.mailer.is_some() {
            write(&app.store, &app.clock, &self.meeting_id).await?;
        }
        Ok(())
    }
}

/// Brings the last letter to one person, where it was not brought yet.
#[derive(Serialize, Deserialize)]
pub struct DeliverInvitation {
    meeting_id: MeetingId,
    person_id: PersonId,
}

impl Job for DeliverInvitation {
    const KIND: &'static str = "meeting.deliver_invitation";

    async fn run(self, app: App) -> Result<(), Failure> {
        let key = (self.meeting_id, self.person_id);
        let found = meeting_letter::Entity::find_by_id(key)
            .one(app.store.read())
            .await?;
        match found.filter(|row| row.standing == Standing::Waiting) {
            Some(row) => deliver(&app, row).await,
            None => Ok(()),
        }
    }
}

/// Asks that those called to a meeting are written to.
///
/// # Errors
/// When the database refuses.
pub async fn ask(tx: &Tx, clock: &Clock, meeting: &MeetingId) -> Result<(), DbErr> {
    let meeting_id = meeting.clone();
    enqueue(tx, clock, &WriteInvitations { meeting_id }).await
}

/// Notes that a meeting has changed since it was invited to, and asks for the letters that follow. `details` are its name,
/// time and place: everyone is told of those; of other people only whom it concerns.
///
/// # Errors
/// When the database refuses.
pub async fn changed(tx: &Tx, clock: &Clock, meeting: &MeetingId, details: bool) -> Result<(), DbErr> {
    let next = || Expr::col(meeting::Column::Sequence).add(1);
    let mut change = meeting::Entity::update_many()
        .col_expr(meeting::Column::Sequence, next())
        .filter(meeting::Column::Id.eq(meeting.clone()))
        .filter(meeting::Column::InvitationId.is_not_null());
    if details {
        change = change.col_expr(meeting::Column::DetailsSequence, next());
    }
    if change.exec(tx).await?.rows_affected == 1 {
        ask(tx, clock, meeting).await?;
    }
    Ok(())
}

/// A person has another address: letters that did not reach the former one are written again.
///
/// # Errors
/// When the database refuses.
pub async fn address_changed(tx: &Tx, clock: &Clock, person: &PersonId) -> Result<(), DbErr> {
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::PersonId.eq(person.clone()))
        .all(tx)
        .await?;
    let ids: Vec<MeetingId> = members.into_iter().map(|member| member.meeting_id).collect();
    let coming = meeting::Entity::find()
        .filter(meeting::Column::Id.is_in(ids))
        .filter(meeting::Column::InvitationId.is_not_null())
        .filter(meeting::Column::EndedAt.is_null())
        .all(tx)
        .await?;
    for row in coming {
        ask(tx, clock, &row.id).await?;
    }
    Ok(())
}

/// The meeting in a calendar; the same for a letter and for a feed.
pub fn entry(app: &App, row: &meeting::Model, stamp: Timestamp) -> Entry {
    let Span { from, to } = Span::of(row.starts_at, row.ends_at);
    Entry {
        uid: format!("meeting-{}@hoian", row.id),
        sequence: row.sequence,
        stamp,
        starts_at: from,
        ends_at: to,
        summary: row.title.clone(),
        location: row.place.clone(),
        url: link(app, row),
        status: match row.called_off_at {
            Some(_) => Status::Cancelled,
            None => Status::Confirmed,
        },
        organizer: None,
        attendee: None,
    }
}

fn link(app: &App, row: &meeting::Model) -> Option<String> {
    let origin = app.config.http.public_origin.as_ref()?;
    Some(format!("{origin}/hop/{}", row.link_code))
}

async fn write(store: &Store, clock: &Clock, id: &MeetingId) -> Result<(), DbErr> {
    store
        .write(async |tx: &Tx| {
            let Some(row) = meeting::Entity::find_by_id(id.clone()).one(tx).await? else {
                return Ok(());
            };
            if row.called_off_at.is_none() && !is_issued(tx, &row).await? {
                return Ok(());
            }
            for letter in due(tx, &row, clock.now()).await? {
                keep(tx, &letter).await?;
                let job = DeliverInvitation {
                    meeting_id: letter.meeting_id,
                    person_id: letter.person_id,
                };
                enqueue(tx, clock, &job).await?;
            }
            Ok(())
        })
        .await
}

async fn is_issued(tx: &Tx, row: &meeting::Model) -> Result<bool, DbErr> {
    let Some(id) = &row.invitation_id else {
        return Ok(false);
    };
    let found = document::Entity::find_by_id(id.clone()).one(tx).await?;
    Ok(found.is_some_and(|row| row.state == State::Issued))
}

/// The letters that are to be written now.
async fn due(tx: &Tx, row: &meeting::Model, now: Timestamp) -> Result<Vec<meeting_letter::Model>, DbErr> {
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(row.id.clone()))
        .all(tx)
        .await?;
    let called: BTreeSet<PersonId> = members.into_iter().map(|member| member.person_id).collect();
    let written = meeting_letter::Entity::find()
        .filter(meeting_letter::Column::MeetingId.eq(row.id.clone()))
        .all(tx)
        .await?;
    let written: BTreeMap<PersonId, meeting_letter::Model> = written
        .into_iter()
        .map(|letter| (letter.person_id.clone(), letter))
        .collect();
    let everyone: BTreeSet<PersonId> = called.iter().chain(written.keys()).cloned().collect();
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(everyone))
        .all(tx)
        .await?;
    let course = Course {
        sequence: row.sequence,
        details_sequence: row.details_sequence,
        is_called_off: row.called_off_at.is_some(),
    };
    let letter = |person: person::Model| {
        let address = person.mail_address?;
        let last = written.get(&person.id).map(|letter| Written {
            method: letter.method,
            sequence: letter.sequence,
            went_astray: letter.standing == Standing::Refused && letter.address != address,
        });
        Some(meeting_letter::Model {
            method: course.letter(called.contains(&person.id), last)?,
            meeting_id: row.id.clone(),
            person_id: person.id,
            sequence: row.sequence,
            address,
            standing: Standing::Waiting,
            answer: None,
            written_at: now,
        })
    };
    Ok(people.into_iter().filter_map(letter).collect())
}

async fn keep(tx: &Tx, letter: &meeting_letter::Model) -> Result<(), DbErr> {
    use meeting_letter::Column;
    let replace = OnConflict::columns([Column::MeetingId, Column::PersonId])
        .update_columns([
            Column::Method,
            Column::Sequence,
            Column::Address,
            Column::Standing,
            Column::Answer,
            Column::WrittenAt,
        ])
        .to_owned();
    meeting_letter::Entity::insert(letter.clone().into_active_model())
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Hands a waiting letter to the mail server and records what it said. A server that took it, and a program that died before
/// it could record so, make a second letter with the same Message-ID, the same to the byte.
async fn deliver(app: &App, row: meeting_letter::Model) -> Result<(), Failure> {
    let reader = app.store.read();
    let missing = || Failure::Never("what the letter tells of is no longer there".to_owned());
    let meeting = meeting::Entity::find_by_id(row.meeting_id.clone())
        .one(reader)
        .await?
        .ok_or_else(missing)?;
    // The meeting has changed since: the letter that says so is about to be written in place of this one.
    if row.method == Method::Request
        && (row.sequence < meeting.details_sequence || meeting.called_off_at.is_some())
    {
        return Ok(());
    }
    let person = person::Entity::find_by_id(row.person_id.clone())
        .one(reader)
        .await?
        .ok_or_else(missing)?;
    let mailer = app
        .mailer
        .as_ref()
        .ok_or_else(|| Failure::Later("no mail server is set up".to_owned()))?;
    let letter = letter(app, mailer, reader, &row, &meeting, &person).await?;
    let (standing, answer) = match mailer.send(letter).await {
        Ok(answer) => (Standing::Sent, answer),
        Err(NotSent::Refused(answer)) => (Standing::Refused, answer),
        Err(NotSent::Later(answer)) if app.clock.now().since(row.written_at) >= GIVE_UP_AFTER => {
            (Standing::Refused, answer)
        }
        Err(NotSent::Later(answer)) => {
            record(app, &row, Standing::Waiting, &answer).await?;
            return Err(Failure::Later(answer));
        }
    };
    Ok(record(app, &row, standing, &answer).await?)
}

/// Where another letter has taken the place of this one meanwhile, nothing is recorded.
async fn record(
    app: &App,
    row: &meeting_letter::Model,
    standing: Standing,
    answer: &str,
) -> Result<(), DbErr> {
    use meeting_letter::Column;
    let answer: String = answer.chars().take(LONGEST_ANSWER).collect();
    let change = meeting_letter::ActiveModel {
        standing: Set(standing),
        answer: Set(Some(answer.clone())),
        ..Default::default()
    };
    let action = match standing {
        Standing::Waiting => None,
        Standing::Sent => Some("meeting.mailed"),
        Standing::Refused => Some("meeting.mail_refused"),
    };
    let now = app.clock.now();
    let subject = format!("meeting/{}", row.meeting_id);
    let detail = json!({ "person": row.person_id, "address": row.address, "sequence": row.sequence, "answer": answer });
    app.store
        .write(async |tx: &Tx| {
            let changed = meeting_letter::Entity::update_many()
                .set(change)
                .filter(Column::MeetingId.eq(row.meeting_id.clone()))
                .filter(Column::PersonId.eq(row.person_id.clone()))
                .filter(Column::Standing.eq(Standing::Waiting))
                .filter(Column::Method.eq(row.method))
                .filter(Column::Sequence.eq(row.sequence))
                .exec(tx)
                .await?;
            match action.filter(|_| changed.rows_affected == 1) {
                Some(action) => audit::append(tx, now, &Actor::System, action, &subject, detail).await,
                None => Ok(()),
            }
        })
        .await
}

async fn letter(
    app: &App,
    mailer: &Mailer,
    reader: &impl ConnectionTrait,
    row: &meeting_letter::Model,
    meeting: &meeting::Model,
    person: &person::Model,
) -> Result<Letter, DbErr> {
    let agency = agency::Entity::find_by_id(meeting.agency_id.clone())
        .one(reader)
        .await?;
    let agency = agency.map(|agency| agency.name).unwrap_or_default();
    let code = code(reader, meeting).await?;
    let calendar = Calendar {
        method: Some(match row.method {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
        }),
        entries: vec![Entry {
            sequence: row.sequence,
            status: match row.method {
                Method::Request => Status::Confirmed,
                Method::Cancel => Status::Cancelled,
            },
            organizer: Some((agency.clone(), mailer.address())),
            attendee: Some((person.full_name.clone(), row.address.clone())),
            ..entry(app, meeting, row.written_at)
        }],
    };
    let method = match row.method {
        Method::Request => "request",
        Method::Cancel => "cancel",
    };
    Ok(Letter {
        id: format!("{}-{}-{}-{method}", row.meeting_id, row.person_id, row.sequence),
        to_name: person.full_name.clone(),
        to_address: row.address.clone(),
        subject: subject(row, meeting),
        text: text(app, row, meeting, &agency, code, &person.full_name),
        attachments: vec![Attachment {
            name: "lich-hop.ics".to_owned(),
            media_type: match row.method {
                Method::Request => "text/calendar; method=REQUEST; charset=utf-8",
                Method::Cancel => "text/calendar; method=CANCEL; charset=utf-8",
            },
            bytes: calendar.to_text().into_bytes(),
        }],
        written_at: row.written_at.to_offset_date_time(),
    })
}

async fn code(reader: &impl ConnectionTrait, meeting: &meeting::Model) -> Result<Option<String>, DbErr> {
    let Some(id) = &meeting.invitation_id else {
        return Ok(None);
    };
    let found = document::Entity::find_by_id(id.clone()).one(reader).await?;
    Ok(found.and_then(|row| {
        let number = u32::try_from(row.number?).ok()?;
        Some(numbering::code(number, &row.notation))
    }))
}

fn subject(row: &meeting_letter::Model, meeting: &meeting::Model) -> String {
    let kind = match (row.method, meeting.called_off_at) {
        (Method::Request, _) if row.sequence == 0 => "Giấy mời",
        (Method::Request, _) => "Giấy mời (cập nhật)",
        (Method::Cancel, Some(_)) => "Không tổ chức",
        (Method::Cancel, None) => "Thôi mời",
    };
    format!("{kind}: {}", meeting.title)
}

fn text(
    app: &App,
    row: &meeting_letter::Model,
    meeting: &meeting::Model,
    agency: &str,
    code: Option<String>,
    name: &str,
) -> String {
    let mut lines = vec![format!("Kính gửi {name},"), String::new()];
    match (row.method, meeting.called_off_at) {
        (Method::Request, _) => {
            let by = code.map_or_else(String::new, |code| format!(" (giấy mời số {code})"));
            lines.push(format!("{agency} trân trọng kính mời dự {}{by}.", meeting.title));
            lines.push(String::new());
            lines.push(format!(
                "Thời gian: {}.",
                when(meeting.starts_at, meeting.ends_at)
            ));
            if !meeting.place.is_empty() {
                lines.push(format!("Địa điểm: {}.", meeting.place));
            }
            lines.extend(link(app, meeting).map(|link| format!("Vào họp trực tuyến: {link}")));
            lines.push(String::new());
            lines.push("Mở tệp đính kèm để ghi vào lịch. Xin trả lời tham dự trong hệ thống.".to_owned());
        }
        (Method::Cancel, Some(_)) => {
            let reason = meeting.called_off_reason.as_deref().unwrap_or_default();
            lines.push(format!("{} không tổ chức. Lý do: {reason}.", meeting.title));
            lines.push("Mở tệp đính kèm để bỏ khỏi lịch.".to_owned());
        }
        (Method::Cancel, None) => {
            lines.push(format!(
                "Thành phần dự {} đã thay đổi; không còn mời đồng chí dự.",
                meeting.title
            ));
            lines.push("Mở tệp đính kèm để bỏ khỏi lịch.".to_owned());
        }
    }
    lines.extend([String::new(), agency.to_owned(), String::new()]);
    lines.join("\n")
}

/// Of a server's answer so many characters are kept.
const LONGEST_ANSWER: usize = 500;
