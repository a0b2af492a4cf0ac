//! The record of a meeting as a file that proves itself.

use sea_orm::{ConnectionTrait, DbErr};

use super::ledger;
use crate::clock::Timestamp;
use crate::domain::meeting::MeetingId;
use crate::domain::record::{self, Record, Row, Subject};
use crate::store::entity::meeting_event;

/// The record as it stands, as a file ([`record::check`]).
///
/// # Errors
/// When the database refuses.
pub async fn exported(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
    now: Timestamp,
) -> Result<String, DbErr> {
    let rows = ledger::rows(connection, id).await?;
    let mut record = Record::begin(&subject(id));
    rows.iter().for_each(|row| record.add(as_entry(row)));
    Ok(record.close(now))
}

/// The hash of the record as it stands, which the minutes print (mã băm hồ sơ cuộc họp): 64 hexadecimal digits.
///
/// # Errors
/// When the database refuses.
pub async fn head(connection: &impl ConnectionTrait, id: &MeetingId) -> Result<String, DbErr> {
    let rows = ledger::rows(connection, id).await?;
    Ok(record::head(&subject(id), rows.iter().map(as_entry)))
}

fn subject(id: &MeetingId) -> Subject {
    Subject::Meeting(id.0.clone())
}

fn as_entry(row: &meeting_event::Model) -> Row<'_> {
    Row {
        sequence: u64::try_from(row.sequence).unwrap_or(0),
        at: row.at,
        actor: &row.actor,
        event: &row.body,
    }
}
