//! `/password-resets`: a new password for whoever forgot theirs, by a link that opens once. Without a session.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::body::Json;
use super::login;
use super::problem::{self, Problem};
use crate::accounts;
use crate::domain::account::RESET;
use crate::jobs::{self, password_letter::MailReset};
use crate::parts::App;
use crate::store::audit::Actor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ask)).routes(routes!(redeem))
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    user_name: String,
}

/// Asks for a link by mail. The answer is the same whether there is such a person or not.
#[utoipa::path(
    post, path = "/password-resets", tag = "session", request_body = Forgotten,
    responses((status = ACCEPTED), (status = TOO_MANY_REQUESTS, description = "`locked`", body = problem::Body))
)]
async fn ask(State(app): State<App>, Json(said): Json<Forgotten>) -> Result<StatusCode, Problem> {
    let asked = accounts::asked_for_reset(&app, &said.user_name).await;
    let found = asked.map_err(|refusal| login::told(&app, refusal))?;
    if let Some(person) = found.filter(|_| app.mailer.is_some()) {
        let actor = Actor::Person(person.id.clone());
        let made: Result<(), accounts::Error> = app
            .store
            .write(async |tx| {
                let reset = accounts::make_reset(&app, tx, &actor, &person.id, RESET).await?;
                Ok(jobs::enqueue(tx, &app.clock, &MailReset { reset_id: reset.id }).await?)
            })
            .await;
        made?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// The word of a link, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Redeemed {
    word: String,
    #[schema(format = Password)]
    password: String,
}

/// Chooses a new password by a link; it opens once, and every session of the person ends.
#[utoipa::path(
    post, path = "/password-resets/redemption", tag = "session", request_body = Redeemed,
    responses(
        (status = NO_CONTENT),
        (status = GONE, description = "`link-spent`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`password-length`", body = problem::Body),
    )
)]
async fn redeem(State(app): State<App>, Json(said): Json<Redeemed>) -> Result<StatusCode, Problem> {
    accounts::use_reset(&app, &said.word, Zeroizing::new(said.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}
