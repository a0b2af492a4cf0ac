//! The meeting of the day.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::Error;
use super::organisation::Organisation;
use super::province::PROVINCE;
use crate::clock::Timestamp;
use crate::domain::meeting::{LinkCode, MeetingId, Role};
use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::{meeting, meeting_member};

const TITLE: &str = "Hội nghị trực tuyến cải cách hành chính quý IV";

/// Who is called, and as what.
const MEMBERS: [(&str, Role); 8] = [
    ("chutich", Role::Chair),
    ("chuyenvien", Role::Secretary),
    ("vanthu", Role::TechnicalHost),
    ("phochutich", Role::Delegate),
    ("giamdoc.sonv", Role::Delegate),
    ("vanthu.sonv", Role::Delegate),
    ("giamdoc.sotc", Role::Delegate),
    ("vanthu.anphu", Role::Delegate),
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
        link_code: Set(LinkCode::from_random(app.clock.random_bytes()).to_string()),
        created_by: Set(caller.clone()),
        created_at: Set(app.clock.now()),
        ended_at: Set(None),
        ..Default::default()
    };
    let mut members = Vec::with_capacity(MEMBERS.len());
    for (user_name, role) in MEMBERS {
        let person_id = Set(organisation.person(user_name)?.clone());
        members.push(meeting_member::ActiveModel {
            meeting_id: Set(id.clone()),
            person_id,
            role: Set(role),
            ..Default::default()
        });
    }
    let actor = Actor::Person(caller.clone());
    let written = app.store.write(async |tx| {
        meeting::Entity::insert(row).exec_without_returning(tx).await?;
        meeting_member::Entity::insert_many(members)
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
