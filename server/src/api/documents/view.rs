//! Documents as the interface shows them.

use std::collections::{BTreeMap, BTreeSet};

use hoian_signer::pdf::place::Place;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::beside::{Appendix, Beside, Outside, Related, Review};
use crate::accounts::{self, Membership, Person};
use crate::api::body::Json;
use crate::api::problem::Problem;
use crate::api::remote_signing::RemoteRequest;
use crate::clock::Timestamp;
use crate::custody::csc::Factor;
use crate::custody::place::Places;
use crate::custody::remote::RemoteKey;
use crate::domain::dispatch::{DispatchId, Part, Recall, Status};
use crate::domain::document::{Action, Capacity, DocumentId, Purpose, State};
use crate::domain::document_metadata::Metadata;
use crate::domain::holder::Holder;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::{self, Kind};
use crate::domain::outside::Way;
use crate::domain::party::capacities;
use crate::parts::App;
use crate::store::blob::Sha256;
use crate::store::entity::{
    agency, dispatch, dispatch_status, document, document_metadata, document_version, person, signing_key,
};

/// A document in a list.
#[derive(Serialize, ToSchema)]
pub struct Summary {
    pub id: DocumentId,
    /// Code of the kind, such as `KH`.
    pub kind: String,
    #[schema(example = "Kế hoạch")]
    pub kind_name: String,
    pub subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    pub state: State,
    /// A finished signature waits for its time-stamp; the program goes on by itself.
    pub waiting_time_stamp: bool,
    /// Number and symbol, once given: `141/KH-UBND`.
    pub code: Option<String>,
    /// The symbol: `KH-UBND`.
    pub notation: String,
    /// The day of the date line, once given: `2026-11-23`.
    pub issued_on: Option<String>,
    pub agency: Agency,
    pub drafter: Party,
    pub signer: Party,
    /// Who signs second, where two do; and the other agency that seals second, if there is one.
    pub cosigner: Option<Party>,
    pub partner: Option<Agency>,
    pub steps: Steps,
    /// What the person who asks may do now.
    pub actions: Vec<Action>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The four arcs of the ring.
#[derive(Serialize, ToSchema)]
pub struct Steps {
    pub approve: bool,
    pub sign: bool,
    pub number: bool,
    pub seal: bool,
}

/// An agency by name.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = AgencyName)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
}

/// A person of a document.
#[derive(Clone, Serialize, ToSchema)]
pub struct Party {
    pub id: PersonId,
    pub full_name: String,
    /// Chức vụ in the document's agency.
    pub position: String,
}

/// A document with everything about it.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    #[serde(flatten)]
    pub summary: Summary,
    /// What the signer wrote when returning it, or why a waiting signature was given up.
    pub remark: Option<String>,
    /// The dispatch that this document answers.
    pub reply_to: Option<DispatchId>,
    /// Annex VI, as the drafter said it.
    pub metadata: Metadata,
    /// Pages of the draft.
    pub page_count: Option<i32>,
    /// What was written in the page, where it was.
    pub body: Option<String>,
    pub places: Option<PlacesView>,
    pub versions: Vec<Version>,
    pub kept: Option<Kept>,
    pub dispatches: Vec<Sent>,
    /// What went to receivers outside this system, and the ways by which it can.
    pub outside: Vec<Outside>,
    pub ways_outside: Vec<Way>,
    pub appendices: Vec<Appendix>,
    pub review: Review,
    /// The paper that this one corrects or replaces.
    pub mends: Option<Related>,
    /// Issued papers that correct or replace this one.
    pub mended_by: Vec<Related>,
    /// The number and symbol that giving a number now would give.
    pub next_code: Option<String>,
    /// The key that this person's next action would use.
    pub key: Option<KeyView>,
    /// The remote signature that this person waits for.
    pub waits_remotely: Option<RemoteRequest>,
}

/// How an issued paper is kept provable.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptPaper)]
pub struct Kept {
    pub proven_at: Option<Timestamp>,
    /// Until then its signatures can be verified; before it the proofs are renewed.
    pub proven_until: Option<Timestamp>,
}

impl Kept {
    /// The proofs of this file, where there are any yet.
    pub async fn of(app: &App, blob: &Sha256) -> Result<Option<Self>, Problem> {
        let row = app.custody.proofs_of(blob).await?;
        Ok(row.map(|row| Self {
            proven_at: row.proven_at,
            proven_until: row.proven_until,
        }))
    }
}

/// Where things go on the pages, in PDF points from the lower left corner.
#[derive(Serialize, ToSchema)]
#[schema(as = Places)]
pub struct PlacesView {
    pub signature: PlaceView,
    pub seal: PlaceView,
    pub texts: Vec<PlaceView>,
    /// Of the second signatory, and of that agency where it is another one.
    pub second_signature: Option<PlaceView>,
    pub second_seal: Option<PlaceView>,
}

/// A rectangle on a page.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Place)]
pub struct PlaceView {
    /// From 1.
    pub page: u32,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A stored version; its bytes never change.
#[derive(Serialize, ToSchema)]
pub struct Version {
    pub number: i32,
    pub purpose: Purpose,
    pub size_bytes: i64,
    /// PAdES level that our validator certified before it was stored.
    pub level: Option<String>,
    pub created_by: String,
    pub created_at: Timestamp,
}

/// A dispatch as its sender sees it.
#[derive(Serialize, ToSchema)]
pub struct Sent {
    pub id: DispatchId,
    pub receiver: Agency,
    /// Its part in the work, where a leader's instruction handed it on.
    pub part: Option<Part>,
    pub status: Status,
    /// How the recall of this receiver's copy stands.
    pub recall: Recall,
    pub reason: Option<String>,
    pub sent_at: Timestamp,
    pub changed_at: Timestamp,
}

/// A key as its holder sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub not_after: Timestamp,
    pub tries_left: i32,
    pub locked: bool,
    /// The key stays with its holder, on a token: `tries_left` says nothing then.
    pub on_token: bool,
    /// The key is in the HSM of the house; its PIN and tries are as of any other.
    pub in_hsm: bool,
    /// A remote service keeps the key: `tries_left` says nothing then.
    pub remote: Option<RemoteKeyView>,
}

/// A key that a remote service keeps.
#[derive(Serialize, ToSchema)]
#[schema(as = RemoteKey)]
pub struct RemoteKeyView {
    pub service: String,
    /// What its owner shows for each signature.
    pub factors: Vec<Factor>,
}

impl TryFrom<signing_key::Model> for KeyView {
    type Error = Problem;

    fn try_from(key: signing_key::Model) -> Result<Self, Problem> {
        let remote = RemoteKey::of(&key)?;
        Ok(Self {
            subject: key.subject,
            issuer: key.issuer,
            serial: key.serial,
            not_after: key.not_after,
            tries_left: key.tries_left,
            locked: key.tries_left <= 0,
            on_token: key.algorithm.is_some() && remote.is_none(),
            in_hsm: key.hsm_key.is_some(),
            remote: remote.map(|remote| RemoteKeyView {
                service: remote.service,
                factors: remote.factors,
            }),
        })
    }
}

/// The summaries of these rows, for this person.
pub async fn summaries(
    app: &App,
    viewer: &Person,
    rows: Vec<document::Model>,
) -> Result<Vec<Summary>, Problem> {
    let names = Names::of(app, &rows).await?;
    Ok(rows.into_iter().map(|row| summary(&names, viewer, row)).collect())
}

/// Everything about this row, for this person.
pub async fn detail(app: &App, viewer: &Person, row: document::Model) -> Result<Detail, Problem> {
    let versions = versions(app, &row.id).await?;
    let sealed = versions.iter().rev().find(|one| one.purpose == Purpose::Sealed);
    let kept = match sealed {
        Some(sealed) => Kept::of(app, &sealed.blob).await?,
        None => None,
    };
    let versions = shown(app, versions).await?;
    let said = document_metadata::Entity::find_by_id(row.id.clone())
        .one(app.store.read())
        .await?;
    let dispatches = sent(app, issued(app, &row).await?).await?;
    let places = row
        .places
        .as_deref()
        .and_then(|places| serde_json::from_str::<Places>(places).ok());
    let capacities = capacities_of(&row, viewer);
    let next_code = match row.state == State::Signed && capacities.contains(&Capacity::Clerk) {
        true => Some(app.custody.next_code(&row).await?),
        false => None,
    };
    let key = key(app, viewer, &row).await?;
    let waits_remotely = match row.state {
        State::Submitted | State::FirstSigned => app.custody.waits_remotely(&viewer.id, &row.id).await?,
        _ => None,
    };
    let beside = Beside::of(app, &row).await?;
    let remark = row.remark.clone();
    let reply_to = row.reply_to.clone();
    let names = Names::of(app, std::slice::from_ref(&row)).await?;
    let summary = summary(&names, viewer, row);
    Ok(Detail {
        summary,
        remark,
        reply_to,
        page_count: said.as_ref().map(|said| said.page_count),
        metadata: said
            .as_ref()
            .and_then(|said| serde_json::from_str(&said.said).ok())
            .unwrap_or_default(),
        body: said.and_then(|said| said.body),
        places: places.map(PlacesView::from),
        kept,
        versions,
        dispatches,
        outside: beside.outside,
        ways_outside: app.custody.ways_outside(),
        appendices: beside.appendices,
        review: beside.review,
        mends: beside.mends,
        mended_by: beside.mended_by,
        next_code,
        key,
        waits_remotely: waits_remotely.map(RemoteRequest::from),
    })
}

/// The document as this person sees it after a step.
pub async fn now(app: &App, viewer: &Person, id: &DocumentId) -> Result<Json<Detail>, Problem> {
    let (row, _) = app.custody.document(&viewer.into(), id).await?;
    Ok(Json(detail(app, viewer, row).await?))
}

fn summary(names: &Names, viewer: &Person, row: document::Model) -> Summary {
    let capacities = capacities_of(&row, viewer);
    let rules = row.rules();
    let may = |action: &Action| rules.permit(*action, &capacities, Some("…")).is_ok();
    let number = row.number.and_then(|number| u32::try_from(number).ok());
    Summary {
        kind_name: Kind::from_code(&row.kind)
            .map(|kind| kind.name.to_owned())
            .unwrap_or_default(),
        waiting_time_stamp: row.state.waits_for_time_stamp(),
        code: number.map(|number| numbering::code(number, &row.notation)),
        agency: names.agency(&row.agency_id),
        drafter: names.party(&row.drafter_id, &row.agency_id),
        signer: names.party(&row.signer_id, &row.agency_id),
        cosigner: row
            .cosigner_id
            .as_ref()
            .map(|cosigner| names.party(cosigner, row.partner_id.as_ref().unwrap_or(&row.agency_id))),
        partner: row.partner_id.as_ref().map(|partner| names.agency(partner)),
        steps: Steps {
            approve: !matches!(row.state, State::Draft | State::Returned),
            sign: row.leader_signed,
            number: row.numbered,
            seal: row.agency_signed,
        },
        actions: Action::ALL.into_iter().filter(may).collect(),
        id: row.id,
        kind: row.kind,
        subject: row.subject,
        urgency: row.urgency,
        state: row.state,
        notation: row.notation,
        issued_on: row.issued_on,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn capacities_of(row: &document::Model, viewer: &Person) -> Vec<Capacity> {
    capacities(row.parties(), &viewer.id, &viewer.held())
}

async fn versions(app: &App, id: &DocumentId) -> Result<Vec<document_version::Model>, Problem> {
    let find = document_version::Entity::find()
        .filter(document_version::Column::DocumentId.eq(id.clone()))
        .order_by_asc(document_version::Column::Number);
    Ok(find.all(app.store.read()).await?)
}

async fn shown(app: &App, rows: Vec<document_version::Model>) -> Result<Vec<Version>, Problem> {
    let names = people(app, rows.iter().map(|row| row.created_by.clone()).collect()).await?;
    let version = |row: document_version::Model| Version {
        number: row.number,
        purpose: row.purpose,
        size_bytes: row.size_bytes,
        level: row.level,
        created_by: names.get(&row.created_by).cloned().unwrap_or_default(),
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(version).collect())
}

/// What its agency sent, in the order it went; whoever hands it on follows that.
async fn issued(app: &App, row: &document::Model) -> Result<Vec<dispatch::Model>, Problem> {
    let find = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(row.id.clone()))
        .filter(dispatch::Column::ForwardedFrom.is_null())
        .order_by_asc(dispatch::Column::Id);
    Ok(find.all(app.store.read()).await?)
}

/// Dispatches as their sender sees them.
pub async fn sent(app: &App, rows: Vec<dispatch::Model>) -> Result<Vec<Sent>, Problem> {
    let agencies = agencies(app, rows.iter().map(|row| row.receiver_id.clone()).collect()).await?;
    let mut last = last_statuses(app, rows.iter().map(|row| row.id.clone()).collect()).await?;
    let view = |row: dispatch::Model| {
        let status = last.remove(&row.id);
        Sent {
            receiver: agency_name(&agencies, &row.receiver_id),
            part: row.part,
            status: row.status,
            recall: row.recall,
            reason: status.as_ref().and_then(|status| status.reason.clone()),
            changed_at: status.map_or(row.sent_at, |status| status.at),
            sent_at: row.sent_at,
            id: row.id,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The latest status row of each dispatch.
pub async fn last_statuses(
    app: &App,
    dispatches: Vec<DispatchId>,
) -> Result<BTreeMap<DispatchId, dispatch_status::Model>, Problem> {
    let rows = dispatch_status::Entity::find()
        .filter(dispatch_status::Column::DispatchId.is_in(dispatches))
        .order_by_asc(dispatch_status::Column::Number)
        .all(app.store.read())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.dispatch_id.clone(), row))
        .collect())
}

async fn key(app: &App, viewer: &Person, row: &document::Model) -> Result<Option<KeyView>, Problem> {
    let (rules, capacities) = (row.rules(), capacities_of(row, viewer));
    let holder = if rules.permit(Action::Sign, &capacities, None).is_ok() {
        Holder::Person(viewer.id.clone())
    } else if rules.permit(Action::Seal, &capacities, None).is_ok() {
        match (row.state, &row.partner_id) {
            (State::FirstSealed, Some(partner)) => Holder::Agency(partner.clone()),
            _ => Holder::Agency(row.agency_id.clone()),
        }
    } else {
        return Ok(None);
    };
    match app.custody.key_of(&holder).await {
        Ok(key) => Ok(Some(key.try_into()?)),
        Err(crate::custody::Error::KeyMissing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<Places> for PlacesView {
    fn from(places: Places) -> Self {
        Self {
            signature: places.signature.into(),
            seal: places.seal.into(),
            texts: places.texts.into_iter().map(|text| text.place.into()).collect(),
            second_signature: places.second.map(|second| second.signature.into()),
            second_seal: places.second.and_then(|second| second.seal).map(PlaceView::from),
        }
    }
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> Self {
        let rect = place.rect;
        Self {
            page: place.page,
            x: rect.x,
            y: rect.y,
            width: rect.width,
            height: rect.height,
        }
    }
}

/// The names that a page of documents needs, asked for at once.
struct Names {
    agencies: BTreeMap<AgencyId, String>,
    people: BTreeMap<PersonId, String>,
    memberships: BTreeMap<PersonId, Vec<Membership>>,
}

impl Names {
    async fn of(app: &App, rows: &[document::Model]) -> Result<Self, Problem> {
        let ids: BTreeSet<_> = rows
            .iter()
            .flat_map(|row| {
                [row.drafter_id.clone(), row.signer_id.clone()]
                    .into_iter()
                    .chain(row.cosigner_id.clone())
            })
            .collect();
        let agencies_of: BTreeSet<_> = rows
            .iter()
            .flat_map(|row| [Some(row.agency_id.clone()), row.partner_id.clone()])
            .flatten()
            .collect();
        let list: Vec<_> = ids.iter().cloned().collect();
        Ok(Self {
            agencies: agencies(app, agencies_of).await?,
            people: people(app, ids).await?,
            memberships: accounts::memberships(app.store.read(), &list).await?,
        })
    }

    fn agency(&self, id: &AgencyId) -> Agency {
        agency_name(&self.agencies, id)
    }

    fn party(&self, id: &PersonId, agency: &AgencyId) -> Party {
        let here = |membership: &&Membership| membership.agency_id == *agency;
        let position = self.memberships.get(id).and_then(|all| all.iter().find(here));
        Party {
            id: id.clone(),
            full_name: self.people.get(id).cloned().unwrap_or_default(),
            position: position
                .map(|membership| membership.position.clone())
                .unwrap_or_default(),
        }
    }
}

/// The names of these agencies.
pub async fn agencies(app: &App, ids: BTreeSet<AgencyId>) -> Result<BTreeMap<AgencyId, String>, Problem> {
    let rows = agency::Entity::find()
        .filter(agency::Column::Id.is_in(ids))
        .all(app.store.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// An agency with its name out of [`agencies`].
pub fn agency_name(names: &BTreeMap<AgencyId, String>, id: &AgencyId) -> Agency {
    Agency {
        id: id.clone(),
        name: names.get(id).cloned().unwrap_or_default(),
    }
}

/// The full names of these people.
pub async fn people(app: &App, ids: BTreeSet<PersonId>) -> Result<BTreeMap<PersonId, String>, Problem> {
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(app.store.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.full_name)).collect())
}
