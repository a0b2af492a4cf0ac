//! The list of files, and the papers of one file, on paper: Nghị định 30/2020/NĐ-CP, annex V.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{self, Paper};
use crate::api::body::{Path, Query};
use crate::api::documents::view as documents;
use crate::api::problem::{self, Problem};
use crate::api::registers::printed;
use crate::api::session::Person;
use crate::domain::case_file::CaseFileId;
use crate::domain::id::AgencyId;
use crate::domain::numbering;
use crate::domain::register::{CONTENTS, FILES, stored_day};
use crate::domain::role::Action;
use crate::parts::App;
use crate::render::{RegisterColumn, RegisterSheet};
use crate::store::entity::agency;
use crate::store::entity::case_file::{Column, Entity};

/// Which list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Whose; the agency that the person works in, where none is named.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyId>,
    /// Of which year; the current one, where none is named.
    year: Option<i32>,
}

/// The list of files of a year (danh mục hồ sơ), PDF/A, in the order of their codes.
#[utoipa::path(
    get, path = "/case-files/print", tag = "case files", params(Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, description = "Not this person's to read.", body = problem::Body)
    )
)]
pub(super) async fn files(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let own = person.agencies_where(Action::ReadRegisters);
    let agency = match &wanted.agency {
        Some(agency) => own.iter().find(|own| *own == agency),
        None => own.first(),
    };
    let agency = agency_of(&app, agency.ok_or_else(Problem::not_found)?).await?;
    let this_year = numbering::local_date(app.clock.now_utc()).year();
    let year = wanted.year.unwrap_or(this_year);
    let rows = Entity::find()
        .filter(Column::AgencyId.eq(agency.id.clone()))
        .filter(Column::Year.eq(year))
        .order_by_asc(Column::Code)
        .limit(MOST_LINES)
        .all(app.store.read())
        .await?;
    let people = documents::people(&app, rows.iter().map(|row| row.keeper_id.clone()).collect()).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let retention = view::retention(&row)?.words();
        let keeper = people.get(&row.keeper_id).cloned().unwrap_or_default();
        lines.push(vec![row.code, row.title, retention, keeper, row.note]);
    }
    let sheet = RegisterSheet {
        title: "Danh mục hồ sơ".to_owned(),
        agency: agency.name,
        year,
        period: format!("Năm {year}"),
        columns: FILES.iter().map(RegisterColumn::from).collect(),
        rows: lines,
        empty: "Danh mục chưa có hồ sơ nào.".to_owned(),
        printed: printed(&app, &person),
    };
    pdf(&app, sheet, "danh-muc-ho-so.pdf").await
}

/// What is in a file (mục lục văn bản, tài liệu), PDF/A, in the order of time.
#[utoipa::path(
    get, path = "/case-files/{id}/contents", tag = "case files", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn contents(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
) -> Result<Response, Problem> {
    let (file, _) = app.custody.case_file(&(&person).into(), &id).await?;
    let agency = agency_of(&app, &file.agency_id).await?;
    let retention = view::retention(&file)?.words();
    let papers = view::papers(&app, &person, &id).await?;
    let papers = papers.iter().filter(|paper| paper.taken_out_at.is_none());
    let sheet = RegisterSheet {
        title: "Mục lục văn bản, tài liệu".to_owned(),
        agency: agency.name,
        year: file.year,
        period: format!(
            "Hồ sơ số {}: {}. Thời hạn bảo quản: {retention}",
            file.code, file.title
        ),
        columns: CONTENTS.iter().map(RegisterColumn::from).collect(),
        rows: lines(papers),
        empty: "Hồ sơ chưa có văn bản nào.".to_owned(),
        printed: printed(&app, &person),
    };
    pdf(&app, sheet, "muc-luc-van-ban.pdf").await
}

/// One line a paper; pages are counted through the whole file.
fn lines<'a>(papers: impl Iterator<Item = &'a Paper>) -> Vec<Vec<String>> {
    let mut pages = 0;
    let line = |(at, paper): (usize, &Paper)| {
        let first = pages + 1;
        pages += paper.page_count;
        let span = match pages - first {
            ..0 => String::new(),
            0 => first.to_string(),
            _ => format!("{first}-{pages}"),
        };
        vec![
            (at + 1).to_string(),
            paper.code.clone(),
            stored_day(paper.issued_on.as_deref()),
            paper.title.clone(),
            paper.agency.clone(),
            span,
            paper.note.clone(),
        ]
    };
    papers.enumerate().map(line).collect()
}

async fn agency_of(app: &App, id: &AgencyId) -> Result<agency::Model, Problem> {
    let row = agency::Entity::find_by_id(id.clone())
        .one(app.store.read())
        .await?;
    row.ok_or_else(Problem::not_found)
}

async fn pdf(app: &App, sheet: RegisterSheet, name: &str) -> Result<Response, Problem> {
    let pdf = app.typesetter.register(sheet, app.clock.now_utc()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'".to_owned(),
        ),
    ];
    Ok((headers, pdf).into_response())
}

/// Of an agency's year; a list has some hundred.
const MOST_LINES: u64 = 10_000;
