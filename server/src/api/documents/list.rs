//! `GET /documents`, `GET /documents/{id}`.

use axum::extract::State as Extension;
use sea_orm::{ColumnTrait, Condition};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::{self, Detail, Summary};
use crate::api::arms;
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Keyset, Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::{DocumentId, State};
use crate::domain::numbering::Kind;
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::document::{Column, Entity};

/// A tab of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Box {
    /// What waits for the person who asks, in any role; the most urgent first.
    #[serde(alias = "to_sign")]
    Waiting,
    /// What waits for others.
    InProgress,
    /// Signed by the leader, not issued yet.
    Signed,
    Issued,
}

/// Which documents are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    #[param(inline)]
    r#box: Box,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many documents, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// The documents in which this person has a part.
#[utoipa::path(
    get, path = "/documents", tag = "documents", params(Wanted),
    responses((status = OK, body = Page<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(
    Extension(app): Extension<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Summary>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let keyset = Keyset {
        first: (wanted.r#box == Box::Waiting).then_some(Column::Urgency),
        id: Column::Id,
    };
    let find = arms::page::<Entity>(&keyset, within(wanted.r#box, &person), &page)?;
    let rows = find.all(app.store.read()).await?;
    let summaries = view::summaries(&app, &person, rows).await?;
    let key = |summary: &Summary| keyset.key(summary.urgency, &summary.id.0);
    Ok(Json(Page::of(&page, summaries, key)))
}

/// One document.
#[utoipa::path(
    get, path = "/documents/{id}", tag = "documents", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn one(
    Extension(app): Extension<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Json<Detail>, Problem> {
    let (row, _) = app.custody.document(&(&person).into(), &id).await?;
    Ok(Json(view::detail(&app, &person, row).await?))
}

/// The documents of a box, as arms (see [`crate::api::arms`]).
fn within(r#box: Box, person: &Person) -> Vec<Condition> {
    let each = |change: &dyn Fn(Condition) -> Condition| parts(person).into_iter().map(change).collect();
    match r#box {
        Box::Waiting => each(&|arm| arm.add(Column::State.is_in(HERE)).add(waiting(person))),
        Box::InProgress => each(&|arm| arm.add(Column::State.is_in(HERE)).add(waiting(person).not())),
        Box::Signed => each(&|arm| {
            arm.add(Column::State.is_in(HERE))
                .add(Column::LeaderSigned.eq(true))
        }),
        Box::Issued => {
            let gone = |arm: Condition| GONE.map(|state| arm.clone().add(Column::State.eq(state)));
            parts(person).into_iter().flat_map(gone).collect()
        }
    }
}

/// It has left the house.
const GONE: [State; 2] = [State::Issued, State::Recalled];
/// It has not; these are few at any time, so that they may be sorted.
const HERE: [State; 12] = [
    State::Draft,
    State::Submitted,
    State::Returned,
    State::Signing,
    State::FirstSigned,
    State::SecondSigning,
    State::Signed,
    State::Numbered,
    State::Sealing,
    State::FirstSealed,
    State::SecondSealing,
    State::Sealed,
];

/// What this person may know of: the condition of [`crate::domain::party::capacities`], for many rows at once.
pub(super) fn known(person: &Person) -> Condition {
    let any = parts(person).into_iter().fold(Condition::any(), Condition::add);
    Condition::all().add(any)
}

/// The same, one arm a part that a person may have: everything of an agency as its clerk, elsewhere what names them.
fn parts(person: &Person) -> Vec<Condition> {
    let clerk = person.agencies_where(Action::Seal);
    let elsewhere = |action| {
        let mut agencies = person.agencies_where(action);
        agencies.retain(|agency| !clerk.contains(agency));
        agencies
    };
    let named = [
        (Column::DrafterId, Action::Draft),
        (Column::SignerId, Action::Sign),
        (Column::ContentReviewerId, Action::Draft),
        (Column::FormReviewerId, Action::Draft),
    ];
    let named = named.into_iter().flat_map(|(whose, action)| {
        let named_in = move |agency| {
            Condition::all()
                .add(whose.eq(person.id.clone()))
                .add(Column::AgencyId.eq(agency))
        };
        elsewhere(action).into_iter().map(named_in)
    });
    // Minutes name their secretary first, who need not be a leader.
    let mut secretary = elsewhere(Action::SignAsSecretary);
    secretary.retain(|agency| !person.may(Action::Sign, agency));
    let minutes = secretary.into_iter().map(|agency| {
        Condition::all()
            .add(Column::SignerId.eq(person.id.clone()))
            .add(Column::AgencyId.eq(agency))
            .add(Column::Kind.eq(Kind::MINUTES))
            .add(Column::CosignerId.is_not_null())
    });
    let all = |agency| Condition::all().add(Column::AgencyId.eq(agency));
    let with = |agency| Condition::all().add(Column::PartnerId.eq(agency));
    // A second signatory signs for the partner, or for the paper's own agency where there is none.
    let second = person
        .agencies_where(Action::Sign)
        .into_iter()
        .flat_map(|agency| {
            let own = Condition::all()
                .add(Column::PartnerId.is_null())
                .add(Column::AgencyId.eq(agency.clone()));
            [own, with(agency)].map(|place| place.add(Column::CosignerId.eq(person.id.clone())))
        });
    let clerks = clerk.iter().cloned();
    clerks
        .clone()
        .map(all)
        .chain(clerks.map(with))
        .chain(second)
        .chain(named)
        .chain(minutes)
        .collect()
}

/// Of what this person may know: what they are the next to do something about.
fn waiting(person: &Person) -> Condition {
    let own = Condition::all()
        .add(Column::DrafterId.eq(person.id.clone()))
        .add(Column::State.is_in([State::Draft, State::Returned]));
    let to_sign = Condition::all()
        .add(Column::SignerId.eq(person.id.clone()))
        .add(Column::State.eq(State::Submitted))
        .add(done(Column::ContentReviewerId, Column::ContentInitialled))
        .add(done(Column::FormReviewerId, Column::FormInitialled));
    // What waits is also asked for negated, and the negation of a comparison with nothing is nothing.
    let to_sign_second = Condition::all()
        .add(Column::CosignerId.is_not_null())
        .add(Column::CosignerId.eq(person.id.clone()))
        .add(Column::State.eq(State::FirstSigned));
    let to_seal_second = Condition::all()
        .add(Column::PartnerId.is_not_null())
        .add(Column::PartnerId.is_in(person.agencies_where(Action::Seal)))
        .add(Column::State.eq(State::FirstSealed));
    let due = |reviewer: Column, initialled: Column| {
        Condition::all()
            .add(reviewer.is_not_null())
            .add(reviewer.eq(person.id.clone()))
            .add(initialled.eq(false))
    };
    let to_check = Condition::all().add(Column::State.eq(State::Submitted)).add(
        Condition::any()
            .add(due(Column::ContentReviewerId, Column::ContentInitialled))
            .add(due(Column::FormReviewerId, Column::FormInitialled)),
    );
    let clerk = Condition::all()
        .add(Column::AgencyId.is_in(person.agencies_where(Action::Seal)))
        .add(Column::State.is_in([State::Signed, State::Numbered, State::Sealed]));
    [own, to_check, to_sign, to_sign_second, clerk, to_seal_second]
        .into_iter()
        .fold(Condition::any(), Condition::add)
}

/// Nobody is to check this part, or it is checked.
fn done(reviewer: Column, initialled: Column) -> Condition {
    Condition::any().add(reviewer.is_null()).add(initialled.eq(true))
}
