//! `/registers`: the agency's books, live from the rows, on the screen and as PDF/A (Nghị định 30/2020/NĐ-CP, annex IV).

mod incoming;
mod outgoing;
mod period;
mod postal;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::domain::id::AgencyId;
use crate::domain::numbering;
use crate::domain::register::{Register, day};
use crate::domain::role::Action;
use crate::parts::App;
use crate::render::{RegisterColumn, RegisterSheet};
use crate::store::entity::agency;

use period::Period;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(print))
}

/// A line of a register: the cells of its columns, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterLine)]
struct Line {
    /// The key by which lines are ordered and continued.
    key: String,
    /// The page that shows the document.
    href: String,
    cells: Vec<String>,
    /// The work is past its due date.
    is_late: bool,
}

/// A page of a register.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterPage)]
struct Sheet {
    title: &'static str,
    agency: String,
    year: i32,
    columns: Vec<&'static str>,
    items: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which book.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Whose; the agency that the person works in, where none is named.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyId>,
    /// Of which year; the current one, where none is named.
    year: Option<i32>,
    /// Only from this day on, `2026-03-01`; a book is of one year, so both days are of one.
    from: Option<String>,
    /// Only up to this day.
    to: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many lines, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// Lines of a register, the latest first.
#[utoipa::path(
    get, path = "/registers/{register}", tag = "registers",
    params(("register" = String, Path, description = "`outgoing`, `incoming`, `handling` or `postal`."), Wanted),
    responses((status = OK, body = Sheet), (status = NOT_FOUND, description = "Not this person's to read.", body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Path(register): Path<Register>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Sheet>, Problem> {
    let book = Book::open(&app, &person, register, &wanted).await?;
    let query = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let lines = book.lines(&app, &query).await?;
    let page = Page::of(&query, lines, |line| line.key.clone());
    Ok(Json(Sheet {
        title: register.title(),
        agency: book.agency.name,
        year: book.period.year(),
        columns: register.columns().iter().map(|column| column.title).collect(),
        items: page.items,
        next: page.next,
    }))
}

/// The register of a year, or of some of its days, as it stands at this moment, PDF/A, the first line first.
#[utoipa::path(
    get, path = "/registers/{register}/print", tag = "registers",
    params(("register" = String, Path, description = "`outgoing`, `incoming`, `handling` or `postal`."), Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body),
        (status = BAD_REQUEST, description = "More lines than one file may hold.", body = problem::Body)
    )
)]
async fn print(
    State(app): State<App>,
    person: Person,
    Path(register): Path<Register>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let book = Book::open(&app, &person, register, &wanted).await?;
    let mut rows = book.all(&app).await?;
    rows.reverse();
    let sheet = RegisterSheet {
        title: register.title().to_owned(),
        agency: book.agency.name.clone(),
        year: book.period.year(),
        period: book.period.words(),
        columns: register.columns().iter().map(RegisterColumn::from).collect(),
        rows: rows.into_iter().map(|line| line.cells).collect(),
        empty: "Sổ chưa có văn bản nào.".to_owned(),
        printed: printed(&app, &person),
    };
    let pdf = app.typesetter.register(sheet, app.clock.now_utc()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"so-dang-ky.pdf\"",
        ),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((headers, pdf).into_response())
}

/// When a sheet is printed, and by whom, as its foot says it.
pub(super) fn printed(app: &App, person: &Person) -> String {
    let local = app.clock.now_utc().to_offset(numbering::VIETNAM);
    let (hour, minute) = (local.hour(), local.minute());
    format!(
        "{hour:02}:{minute:02} ngày {}, {}",
        day(local.date()),
        person.full_name
    )
}

/// A register of one agency and year that this person may read.
struct Book {
    register: Register,
    agency: agency::Model,
    period: Period,
}

impl Book {
    async fn open(app: &App, person: &Person, register: Register, wanted: &Wanted) -> Result<Self, Problem> {
        use sea_orm::EntityTrait;
        let own = person.agencies_where(Action::ReadRegisters);
        let agency = match &wanted.agency {
            Some(agency) => own.iter().find(|own| *own == agency),
            None => own.first(),
        };
        // 404 hides what a caller may not know exists.
        let agency = agency.ok_or_else(Problem::not_found)?.clone();
        let agency = agency::Entity::find_by_id(agency)
            .one(app.store.read())
            .await?
            .ok_or_else(Problem::not_found)?;
        let this_year = numbering::local_date(app.clock.now_utc()).year();
        let period = Period::of(wanted, this_year)?;
        Ok(Self {
            register,
            agency,
            period,
        })
    }

    /// The lines of a page, and one more where there are more.
    async fn lines(&self, app: &App, query: &PageQuery) -> Result<Vec<Line>, Problem> {
        match self.register {
            Register::Outgoing => outgoing::lines(app, self, query).await,
            Register::Postal => postal::lines(app, self, query).await,
            Register::Incoming | Register::Handling => incoming::lines(app, self, query).await,
        }
    }

    async fn all(&self, app: &App) -> Result<Vec<Line>, Problem> {
        let mut query = PageQuery {
            after: None,
            limit: Some(200),
        };
        let mut all = Vec::new();
        loop {
            let lines = self.lines(app, &query).await?;
            let page = Page::of(&query, lines, |line| line.key.clone());
            all.extend(page.items);
            if all.len() > MOST_LINES {
                return Err(Problem::malformed(
                    "Sổ có quá nhiều dòng để in một lần.",
                    "The register has too many lines for one file.",
                ));
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// Some 700 sheets; Typst sets them within the patience of the pool.
const MOST_LINES: usize = 10_000;
