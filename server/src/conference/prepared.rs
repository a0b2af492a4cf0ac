//! A meeting as it was prepared: its roll before anybody came, and its rules.

use std::collections::BTreeMap;

use ring::digest;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::roster::Identity;
use crate::domain::called::{Called, Enclosed};
use crate::domain::device::DeviceId;
use crate::domain::id::PersonId;
use crate::domain::meeting::{MeetingId, Role, SeatId, SiteId};
use crate::domain::meeting_plan::{MeetingKind, Reply};
use crate::domain::procedure::Rules;
use crate::domain::roll::{Entry, Kind};
use crate::store::blob::Sha256;
use crate::store::entity::{
    agency, document_version, meeting, meeting_item, meeting_member, meeting_paper, meeting_site, membership,
    person,
};

/// The meeting before anything happened.
///
/// # Errors
/// When the database refuses, or there is no such meeting.
pub(super) async fn plan(connection: &impl ConnectionTrait, id: &MeetingId) -> Result<Called, DbErr> {
    let row = meeting::Entity::find_by_id(id.clone()).one(connection).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("meeting {id}")))?;
    let mut plan = Called::new(id.clone(), row.title.clone(), rules(&row));
    (plan.entries, plan.main_site) = called(connection, id).await?;
    if row.kind == MeetingKind::Written {
        plan.closes_at = row.ends_at;
        let papers = enclosed(connection, id).await?.into_iter();
        let paper = |(row, blob): (meeting_paper::Model, Sha256)| Enclosed {
            title: row.title,
            digest: blob.0,
        };
        plan.papers = papers.map(paper).collect();
    }
    plan.presenters = presenters(connection, id).await?;
    Ok(plan)
}

/// The papers of a question in writing, each with the SHA-256 of its version, which never changes.
///
/// # Errors
/// The database's.
pub async fn enclosed(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
) -> Result<Vec<(meeting_paper::Model, Sha256)>, DbErr> {
    let rows = meeting_paper::Entity::find()
        .filter(meeting_paper::Column::MeetingId.eq(id.clone()))
        .order_by_asc(meeting_paper::Column::Id)
        .all(connection)
        .await?;
    let mut papers = Vec::new();
    for row in rows {
        let version = document_version::Entity::find_by_id((row.document_id.clone(), row.version))
            .one(connection)
            .await?;
        papers.extend(version.map(|version| (row, version.blob)));
    }
    Ok(papers)
}

fn rules(row: &meeting::Model) -> Rules {
    Rules {
        lobby: row.lobby,
        locked: false,
        chat: true,
        microphones: row.microphones,
        quota_seconds: u32::try_from(row.quota_seconds).unwrap_or(300),
        muted_above: u32::try_from(row.muted_above).unwrap_or(10),
        quorum: row.quorum,
    }
}

/// Who presents each item: the person, then the room where they sit.
///
/// # Errors
/// When the database refuses.
async fn presenters(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
) -> Result<Vec<(u32, Vec<SeatId>)>, DbErr> {
    let items = meeting_item::Entity::find()
        .filter(meeting_item::Column::MeetingId.eq(id.clone()))
        .filter(meeting_item::Column::PresenterId.is_not_null())
        .order_by_asc(meeting_item::Column::Number)
        .all(connection)
        .await?;
    let people = items.iter().filter_map(|item| item.presenter_id.clone());
    let sits = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(id.clone()))
        .filter(meeting_member::Column::PersonId.is_in(people))
        .all(connection)
        .await?;
    let seats = |item: meeting_item::Model| {
        let person = item.presenter_id?;
        let site = sits.iter().find(|member| member.person_id == person);
        let room = site.and_then(|member| member.site_id.clone()).map(Identity::Site);
        let who = [Some(Identity::Person(person)), room];
        let seats = who.into_iter().flatten().map(|one| seat_of(id, &one));
        Some((u32::try_from(item.number).ok()?, seats.collect()))
    };
    Ok(items.into_iter().filter_map(seats).collect())
}

/// A line of the roll for everyone who was called, the sites, then the people; and the main site.
async fn called(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
) -> Result<(Vec<Entry>, Option<SiteId>), DbErr> {
    let sites = meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(id.clone()))
        .order_by_asc(meeting_site::Column::Position)
        .all(connection)
        .await?;
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(id.clone()))
        // Somebody else comes for them and stands in the roll.
        .filter(meeting_member::Column::Reply.ne(Reply::Substituted))
        .order_by_asc(meeting_member::Column::PersonId)
        .all(connection)
        .await?;
    let main = sites.iter().find(|site| site.is_main).map(|site| site.id.clone());
    let people = people(connection, &members).await?;
    let site_entry = |site: &meeting_site::Model| Entry {
        site: Some(site.id.clone()),
        ..Entry::new(
            seat_of(id, &Identity::Site(site.id.clone())),
            Kind::Site,
            site.name.clone(),
            Role::Delegate,
        )
    };
    let entries = sites.iter().map(site_entry);
    let members = members.into_iter().filter_map(|member| {
        let (name, title) = people.get(&member.person_id)?.clone();
        let seat = seat_of(id, &Identity::Person(member.person_id));
        Some(Entry {
            title,
            site: member.site_id,
            weight: u32::try_from(member.weight).unwrap_or(1),
            ..Entry::new(seat, Kind::Person, name, member.role)
        })
    });
    Ok((entries.chain(members).collect(), main))
}

/// Name, and position with agency, of each.
async fn people(
    connection: &impl ConnectionTrait,
    members: &[meeting_member::Model],
) -> Result<BTreeMap<PersonId, (String, Option<String>)>, DbErr> {
    let ids: Vec<PersonId> = members.iter().map(|member| member.person_id.clone()).collect();
    let held = membership::Entity::find()
        .find_also_related(agency::Entity)
        .filter(membership::Column::PersonId.is_in(ids.clone()))
        .order_by_asc(membership::Column::AgencyId)
        .all(connection)
        .await?;
    let mut titles: BTreeMap<PersonId, String> = BTreeMap::new();
    for (membership, agency) in held {
        let agency = agency.map(|agency| agency.name).unwrap_or_default();
        titles
            .entry(membership.person_id)
            .or_insert(format!("{} {agency}", membership.position));
    }
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    let named = rows.into_iter().map(|row| {
        let title = titles.remove(&row.id);
        (row.id, (row.full_name, title))
    });
    Ok(named.collect())
}

/// The seat of a person or site: derived, so that it is the same after a restart and known before anybody came.
pub(super) fn seat_of(meeting: &MeetingId, identity: &Identity) -> SeatId {
    let (kind, id) = match identity {
        Identity::Person(PersonId(id)) => ("person", id),
        Identity::Site(SiteId(id)) => ("site", id),
        Identity::Device(DeviceId(id), _) => ("device", id),
        Identity::Guest => ("guest", &meeting.0),
    };
    derived(meeting, kind, id)
}

/// The seat of a guest, known by their secret place alone.
pub(super) fn guest_seat(meeting: &MeetingId, place: &str) -> SeatId {
    derived(meeting, "guest", place)
}

/// The media room in which a seat is tried out.
pub(super) fn trial_room(meeting: &MeetingId, seat: &SeatId) -> SeatId {
    derived(meeting, "trial", &seat.0)
}

fn derived(meeting: &MeetingId, kind: &str, id: &str) -> SeatId {
    let mut context = digest::Context::new(&digest::SHA256);
    for field in ["hoian seat 1", &meeting.0, kind, id] {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    SeatId(uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string())
}

/// The seat as the media plane names it.
pub(super) fn uuid_of(seat: &SeatId) -> Option<Uuid> {
    Uuid::parse_str(&seat.0).ok()
}

/// Whether a guest may have been given this place by us: it is then theirs also after a restart.
pub(super) fn is_place(place: &str) -> bool {
    place.len() == 32 && place.bytes().all(|byte| byte.is_ascii_hexdigit())
}
