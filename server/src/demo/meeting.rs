//! The meeting of the day.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::Error;
use super::organisation::Organisation;
use super::province::PROVINCE;
use crate::clock::Timestamp;
use crate::domain::meeting::{LinkCode, MeetingId, Role, SiteId};
use crate::domain::meeting_plan::MeetingKind;
use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::{meeting, meeting_item, meeting_member, meeting_site};

const TITLE: &str = "Hội nghị trực tuyến cải cách hành chính quý IV";

/// Who is called, as what, and at which site.
const MEMBERS: [(&str, Role, usize); 8] = [
    ("chutich", Role::Chair, 0),
    ("chuyenvien", Role::Secretary, 0),
    ("vanthu", Role::TechnicalHost, 0),
    ("phochutich", Role::Delegate, 0),
    ("giamdoc.sonv", Role::Delegate, 1),
    ("vanthu.sonv", Role::Delegate, 1),
    ("giamdoc.sotc", Role::Delegate, 2),
    ("vanthu.anphu", Role::Delegate, 3),
];

/// The sites, the main one first, each with its agency where it is another one's.
const SITES: [(&str, Option<&str>); 4] = [
    ("Hội trường UBND tỉnh", None),
    ("Sở Nội vụ", Some("H99.02")),
    ("Sở Tài chính", Some("H99.03")),
    ("UBND xã An Phú", Some("H99.101")),
];

/// The agenda: title, presenter, minutes.
const ITEMS: [(&str, &str, i32); 4] = [
    ("Khai mạc, điểm danh các điểm cầu", "Thư ký", 10),
    ("Báo cáo kết quả cải cách hành chính quý IV", "Sở Nội vụ", 20),
    ("Thảo luận", "", 60),
    ("Kết luận hội nghị", "Chủ trì", 15),
];

/// Calls the meeting once a day; it begins at 14:00 in Hà Nội, or at the next full quarter of an hour when that is past.
pub(super) async fn call_for_today(app: &App, organisation: &Organisation) -> Result<(), Error> {
    let now = app.clock.now_utc().to_offset(HANOI);
    let midnight = now.replace_time(time::Time::MIDNIGHT);
    let todays = meeting::Entity::find()
        .filter(meeting::Column::Title.eq(TITLE))
        .filter(meeting::Column::StartsAt.gte(Timestamp::from(midnight)))
        .one(app.store.read())
        .await?;
    if todays.is_some() {
        return Ok(());
    }
    let id = MeetingId(app.clock.new_id());
    let caller = organisation.person("chuyenvien")?;
    let row = meeting::ActiveModel {
        id: Set(id.clone()),
        title: Set(TITLE.to_owned()),
        agency_id: Set(organisation.agency(PROVINCE)?.clone()),
        starts_at: Set(start(now).into()),
        ends_at: Set(Some((start(now) + Duration::hours(2)).into())),
        kind: Set(MeetingKind::Conference),
        place: Set(SITES[0].0.to_owned()),
        link_code: Set(LinkCode::from_random(app.clock.random_bytes()).to_string()),
        created_by: Set(caller.clone()),
        created_at: Set(app.clock.now()),
        ended_at: Set(None),
        ..Default::default()
    };
    let mut members = Vec::with_capacity(MEMBERS.len());
    let sites = SITES.map(|_| SiteId(app.clock.new_id()));
    for (user_name, role, site) in MEMBERS {
        let person_id = Set(organisation.person(user_name)?.clone());
        members.push(meeting_member::ActiveModel {
            meeting_id: Set(id.clone()),
            person_id,
            role: Set(role),
            site_id: Set(sites.get(site).cloned()),
            ..Default::default()
        });
    }
    let mut rooms = Vec::with_capacity(SITES.len());
    for (position, ((name, agency), site)) in (0..).zip(SITES.into_iter().zip(sites)) {
        let agency = agency.map(|organ_id| organisation.agency(organ_id)).transpose()?;
        rooms.push(meeting_site::ActiveModel {
            id: Set(site),
            meeting_id: Set(id.clone()),
            position: Set(position),
            name: Set(name.to_owned()),
            agency_id: Set(agency.cloned()),
            is_main: Set(position == 0),
            link_code: Set(LinkCode::from_random(app.clock.random_bytes()).to_string()),
        });
    }
    let agenda = (1..).zip(ITEMS).map(
        |(number, (title, presenter, minutes))| meeting_item::ActiveModel {
            meeting_id: Set(id.clone()),
            number: Set(number),
            title: Set(title.to_owned()),
            presenter_id: Set(None),
            presenter: Set(presenter.to_owned()),
            minutes: Set(minutes),
            vote: Set(None),
        },
    );
    let agenda: Vec<meeting_item::ActiveModel> = agenda.collect();
    let actor = Actor::Person(caller.clone());
    let written = app.store.write(async |tx| {
        meeting::Entity::insert(row).exec_without_returning(tx).await?;
        meeting_member::Entity::insert_many(members)
            .exec_without_returning(tx)
            .await?;
        meeting_site::Entity::insert_many(rooms)
            .exec_without_returning(tx)
            .await?;
        meeting_item::Entity::insert_many(agenda)
            .exec_without_returning(tx)
            .await?;
        let detail = json!({ "title": TITLE, "members": MEMBERS.len() });
        audit::append(
            tx,
            app.clock.now(),
            &actor,
            "meeting.called",
            &format!("meeting/{id}"),
            detail,
        )
        .await
    });
    Ok(written.await?)
}

fn start(now: OffsetDateTime) -> OffsetDateTime {
    let two_o_clock = now.replace_time(time::macros::time!(14:00));
    if now < two_o_clock {
        return two_o_clock;
    }
    let quarter = 15 * 60;
    let past = now.unix_timestamp().rem_euclid(quarter);
    now - Duration::seconds(past) - Duration::nanoseconds(now.nanosecond().into())
        + Duration::seconds(quarter)
}

/// Vietnam has one zone and no summer time.
const HANOI: time::UtcOffset = time::macros::offset!(+7);

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn begins_in_the_afternoon_or_soon() {
        assert_eq!(
            start(datetime!(2026-11-23 08:00 +7)),
            datetime!(2026-11-23 14:00 +7)
        );
        assert_eq!(
            start(datetime!(2026-11-23 14:00 +7)),
            datetime!(2026-11-23 14:15 +7)
        );
        assert_eq!(
            start(datetime!(2026-11-23 16:44:59.5 +7)),
            datetime!(2026-11-23 16:45 +7)
        );
    }
}
