//! How the lines of a meeting are, while it runs; how they were, to be read and taken along.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access;
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::lines::{self, Line, Summary, Tally};
use crate::domain::meeting::{MeetingId, SeatId};
use crate::domain::meeting_right::Act;
use crate::parts::App;

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingLines)]
pub(super) struct Lines {
    title: String,
    is_running: bool,
    /// Of those who are there; empty where the meeting does not run.
    now: Vec<Line>,
    /// Of everyone who was there, summed up every quarter of a minute.
    whole: Vec<Whole>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingLineWhole)]
struct Whole {
    seat: SeatId,
    #[serde(flatten)]
    summary: Summary,
}

/// The lines now and over the whole meeting, for those who look after them.
#[utoipa::path(
    get, path = "/meetings/{id}/lines", tag = "meetings", params(("id" = String, Path)),
    responses((status = OK, body = Lines), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Lines>, Problem> {
    let access = access(&app, Some(person), id, None).await?;
    access.require(Act::SeeLines)?;
    let whole = lines::of_meeting(app.store.read(), &access.row.id).await?;
    Ok(Json(Lines {
        title: access.row.title,
        is_running: app.conferences.is_running(&access.row.id),
        now: app.conferences.lines(&access.row.id).await,
        whole: whole
            .into_iter()
            .map(|(seat, summary)| Whole { seat, summary })
            .collect(),
    }))
}

/// The same as a table for a spreadsheet: one row a participant.
#[utoipa::path(
    get, path = "/meetings/{id}/lines/table", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "text/csv", body = String),
        (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn table(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Response, Problem> {
    let access = access(&app, Some(person), id, None).await?;
    access.require(Act::SeeLines)?;
    let rows = lines::of_meeting(app.store.read(), &access.row.id).await?;
    let mut text = String::from(BYTE_ORDER_MARK);
    write_row(&mut text, &COLUMNS.map(str::to_owned));
    for (_, summary) in &rows {
        write_row(&mut text, &cells(summary));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"duong-truyen.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

const COLUMNS: [&str; 21] = [
    "Tên",
    "Đường vào",
    "Từ",
    "Đến",
    "Trễ trung bình (ms)",
    "Trễ cao nhất (ms)",
    "Mất gói lên trung bình (‰)",
    "Mất gói lên cao nhất (‰)",
    "Dao động lên trung bình (ms)",
    "Gửi trung bình (kbit/s)",
    "Mất gói xuống trung bình (‰)",
    "Mất gói xuống cao nhất (‰)",
    "Dao động xuống trung bình (ms)",
    "Nhận trung bình (kbit/s)",
    "Tiếng phải bù trung bình (‰)",
    "Tiếng phải bù cao nhất (‰)",
    "Lớp hình trung bình (0 nhỏ nhất)",
    "Lớp hình cao nhất",
    "Số lần hình đứng",
    "Gói bị bỏ",
    "Lý do bỏ gói",
];

fn cells(summary: &Summary) -> [String; COLUMNS.len()] {
    let average = |tally: &Tally| {
        tally
            .average()
            .map_or_else(String::new, |value| value.to_string())
    };
    let highest = |tally: &Tally| {
        tally
            .average()
            .map_or_else(String::new, |_| tally.highest.to_string())
    };
    let dropped: u64 = summary.dropped.values().map(|counter| counter.total).sum();
    let reasons: Vec<String> = summary
        .dropped
        .iter()
        .map(|(reason, counter)| format!("{reason} {}", counter.total))
        .collect();
    [
        summary.name.clone(),
        summary.way.map_or_else(String::new, |way| way.name().to_owned()),
        summary.first_at.to_string(),
        summary.last_at.to_string(),
        average(&summary.round_trip_ms),
        highest(&summary.round_trip_ms),
        average(&summary.up_lost_permille),
        highest(&summary.up_lost_permille),
        average(&summary.up_jitter_ms),
        average(&summary.up_kbps),
        average(&summary.down_lost_permille),
        highest(&summary.down_lost_permille),
        average(&summary.down_jitter_ms),
        average(&summary.down_kbps),
        average(&summary.concealed_permille),
        highest(&summary.concealed_permille),
        tenths(&summary.layer),
        highest(&summary.layer),
        summary.freezes.total.to_string(),
        dropped.to_string(),
        reasons.join(", "),
    ]
}

/// An average of few steps, to a tenth; nothing where nothing was measured.
fn tenths(tally: &Tally) -> String {
    let tenths = (tally.sum * 10).checked_div(u64::from(tally.count));
    tenths.map_or_else(String::new, |tenths| format!("{},{}", tenths / 10, tenths % 10))
}

/// One line (RFC 4180), each field quoted. What a spreadsheet would take for a formula begins with an apostrophe: names
/// are people's own words.
fn write_row(text: &mut String, cells: &[String]) {
    for (at, cell) in cells.iter().enumerate() {
        text.push_str(if at == 0 { "\"" } else { ",\"" });
        if cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// Without it Excel takes UTF-8 for something else.
const BYTE_ORDER_MARK: &str = "\u{feff}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_only_text() {
        for (cell, written) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"\r\n"),
            (" +1", "\"' +1\"\r\n"),
            ("@a", "\"'@a\"\r\n"),
            ("-1", "\"'-1\"\r\n"),
            ("\tx", "\"'\tx\"\r\n"),
            ("Lê Thị Hoa, \"An Phú\"", "\"Lê Thị Hoa, \"\"An Phú\"\"\"\r\n"),
        ] {
            let mut text = String::new();
            write_row(&mut text, &[cell.to_owned()]);
            assert_eq!(text, written);
        }
    }
}
