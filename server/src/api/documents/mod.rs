//! `/documents`: drafts, signatures, numbers, seals, issues.

mod appendices;
mod attached;
mod beside;
mod content;
mod duplicates;
mod initials;
mod list;
mod outside;
mod said;
mod steps;
mod upload;
pub(super) mod view;
mod written;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::Person;
use crate::custody::Presence;
use crate::parts::App;

pub(super) use content::{Wanted, pdf};
pub(super) use said::missing;
pub(super) use steps::{after, place};
pub(super) use upload::{drain, store, text};
pub(super) use written::kept;

pub(super) fn routes() -> OpenApiRouter<App> {
    // The file streams to disk under a limit of its own; the limit of JSON bodies would cut it off.
    let upload = OpenApiRouter::new()
        .routes(routes!(upload::create))
        .routes(routes!(upload::revise))
        .routes(routes!(appendices::add))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(upload)
        .routes(routes!(list::list))
        .routes(routes!(list::one))
        .routes(routes!(upload::sample))
        .routes(routes!(duplicates::duplicates))
        .routes(routes!(written::kinds))
        .routes(routes!(written::preview))
        .routes(routes!(written::create))
        .routes(routes!(written::rewrite))
        .routes(routes!(content::content))
        .routes(routes!(content::signature_image))
        .routes(routes!(appendices::remove))
        .routes(routes!(appendices::content))
        .routes(routes!(attached::attached))
        .routes(routes!(attached::content))
        .routes(routes!(initials::initial))
        .routes(routes!(initials::rule))
        .routes(routes!(initials::set_rule))
        .routes(routes!(steps::submit))
        .routes(routes!(steps::give_back))
        .routes(routes!(steps::sign))
        .routes(routes!(steps::number))
        .routes(routes!(steps::seal))
        .routes(routes!(steps::issue))
        .routes(routes!(outside::issue))
        .routes(routes!(outside::track))
        .routes(routes!(outside::readdress))
        .routes(routes!(outside::package))
        .routes(routes!(steps::recall))
}

impl From<&Person> for Presence {
    fn from(person: &Person) -> Self {
        Self {
            person_id: person.id.clone(),
            held: person.held(),
        }
    }
}
