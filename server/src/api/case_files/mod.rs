//! `/case-files`: the agency's list of files of a year (danh mục hồ sơ), what is in each, and both on paper.

mod list;
mod print;
mod refusal;
mod steps;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(list::one))
        .routes(routes!(steps::plan))
        .routes(routes!(steps::amend))
        .routes(routes!(steps::open))
        .routes(routes!(steps::put))
        .routes(routes!(steps::take_out))
        .routes(routes!(steps::close))
        .routes(routes!(steps::reopen))
        .routes(routes!(print::files))
        .routes(routes!(print::contents))
}
