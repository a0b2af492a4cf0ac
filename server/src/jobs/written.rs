//! What a vote in writing asks for by itself: the question is put, whoever has not voted is reminded, the hour closes it.

use std::time::Duration;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{Failure, Job, enqueue_at, enqueue_once};
use crate::clock::{Clock, Timestamp};
use crate::conference::{Close, Identity, Unwritten};
use crate::custody::notice::{self, About, Telling};
use crate::domain::ballot::Terms;
use crate::domain::meeting::MeetingId;
use crate::domain::notice::Kind;
use crate::mail::{Letter, NotSent};
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::Actor;
use crate::store::entity::{meeting, meeting_member, person};

/// Asks for everything that this vote needs, in the transaction that makes it.
///
/// # Errors
/// When the database refuses.
pub async fn ask(
    tx: &Tx,
    clock: &Clock,
    meeting: &MeetingId,
    terms: &Terms,
    closes_at: Timestamp,
) -> Result<(), DbErr> {
    let now = clock.now();
    let put = PutQuestion {
        meeting: meeting.clone(),
        terms: terms.clone(),
    };
    enqueue_at(tx, clock, &put, now.after(PUT_AFTER)).await?;
    for (number, before) in REMINDED_BEFORE.into_iter().enumerate() {
        let due = closes_at.before(before);
        if due <= now {
            continue;
        }
        let remind = RemindVoters {
            meeting: meeting.clone(),
            number,
        };
        enqueue_once(
            tx,
            clock,
            format!("opinion-{meeting}-remind-{number}"),
            &remind,
            due,
        )
        .await?;
    }
    let close = CloseQuestion {
        meeting: meeting.clone(),
    };
    enqueue_at(tx, clock, &close, closes_at).await
}

/// Puts the question, where whoever asked it was cut off before.
#[derive(Serialize, Deserialize)]
pub struct PutQuestion {
    meeting: MeetingId,
    terms: Terms,
}

impl Job for PutQuestion {
    const KIND: &'static str = "opinion.put";

    async fn run(self, app: App) -> Result<(), Failure> {
        let put = app
            .conferences
            .put_in_writing(&self.meeting, self.terms, &Actor::System)
            .await;
        put.map_err(|error| match error {
            Unwritten::Impossible(_) => Failure::Never(error.to_string()),
            Unwritten::NotKept => Failure::Later(error.to_string()),
        })
    }
}

/// Counts the ballots when the time is over.
#[derive(Serialize, Deserialize)]
pub struct CloseQuestion {
    meeting: MeetingId,
}

impl Job for CloseQuestion {
    const KIND: &'static str = "opinion.close";

    async fn run(self, app: App) -> Result<(), Failure> {
        let closed = app.conferences.close_in_writing(&self.meeting, Close::Due).await;
        closed.map_err(|error| Failure::Later(error.to_string()))
    }
}

/// Tells whoever has not voted, the day before and on the day, by a notice and by a letter. Run twice, it tells once, and sends
/// the same letters under the same Message-IDs.
#[derive(Serialize, Deserialize)]
pub struct RemindVoters {
    meeting: MeetingId,
    number: usize,
}

impl Job for RemindVoters {
    const KIND: &'static str = "opinion.remind";

    async fn run(self, app: App) -> Result<(), Failure> {
        let reader = app.store.read();
        let row = meeting::Entity::find_by_id(self.meeting.clone())
            .one(reader)
            .await?;
        let Some(row) = row else { return Ok(()) };
        let procedure = app.conferences.procedure(&row.id).await?;
        let Some(vote) = procedure.votes.open() else {
            return Ok(());
        };
        let members = meeting_member::Entity::find()
            .filter(meeting_member::Column::MeetingId.eq(row.id.clone()))
            .all(reader)
            .await?;
        let missing = members
            .into_iter()
            .map(|member| member.person_id)
            .filter(|person| {
                let seat = app
                    .conferences
                    .seat_of(&row.id, &Identity::Person(person.clone()));
                vote.missing().any(|voter| voter.seat == seat)
            });
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in(missing))
            .filter(person::Column::IsActive.eq(true))
            .all(reader)
            .await?;
        let telling = Telling {
            kind: Kind::BallotDue,
            which: format!("{}/{}", row.id, self.number),
            to: people.iter().map(|person| person.id.clone()).collect(),
            words: None,
            from: None,
        };
        let about = About::question(row.id.clone(), &vote.opening.terms.question, row.ends_at);
        let now = app.clock.now();
        app.store
            .write(async |tx: &Tx| notice::tell(tx, &app.clock, now, &about, &telling).await)
            .await?;
        let Some(mailer) = &app.mailer else { return Ok(()) };
        let mut later = None;
        for person in people {
            let Some(to_address) = person.mail_address.clone() else {
                continue;
            };
            let letter = Letter {
                id: format!("opinion-{}-{}-{}", row.id, self.number, person.id),
                to_name: person.full_name.clone(),
                to_address,
                subject: "Phiếu lấy ý kiến chờ đồng chí".to_owned(),
                text: text(&app, &row, &person, &vote.opening.terms.question),
                attachments: Vec::new(),
                written_at: row.created_at.to_offset_date_time(),
            };
            // One address that refuses keeps no other from being reminded.
            if let Err(NotSent::Later(answer)) = mailer.send(letter).await {
                later = Some(answer);
            }
        }
        later.map_or(Ok(()), |answer| Err(Failure::Later(answer)))
    }
}

fn text(app: &App, row: &meeting::Model, person: &person::Model, question: &str) -> String {
    let link = format!("{}/lay-y-kien/{}", app.config.origin(), row.id);
    let until = row.ends_at.map(in_vietnam).unwrap_or_default();
    format!(
        "Kính gửi đồng chí {},\n\nPhiếu lấy ý kiến sau đây chờ đồng chí trả lời trước {until}:\n\n{question}\n\n{link}\n\n--\nA \
         question waits for your answer until {until}. The link above opens it.\n",
        person.full_name
    )
}

fn in_vietnam(moment: Timestamp) -> String {
    let local = moment
        .to_offset_date_time()
        .to_offset(crate::domain::numbering::VIETNAM);
    let (hour, minute) = (local.hour(), local.minute());
    let (day, month, year) = (local.day(), u8::from(local.month()), local.year());
    format!("{hour:02}:{minute:02} ngày {day:02}/{month:02}/{year}")
}

/// The day before, and in the morning of the last day where there is one.
const REMINDED_BEFORE: [Duration; 2] = [Duration::from_secs(24 * 3600), Duration::from_secs(4 * 3600)];
/// Whoever asks it puts it at once; this is for when the program stops in between.
const PUT_AFTER: Duration = Duration::from_secs(30);
