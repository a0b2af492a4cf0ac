//! Every table with its rows: those that a restored house needs, in the order in which their rows may be put in.

use std::io::{BufRead, Write};

use sea_orm::{ConnectionTrait, EntityTrait, StreamTrait};

use super::{Error, row};
use crate::store::{Tx, entity, search};

/// What is not archived: who is logged in, who failed to, links for a new password, answers kept for a repeated request, what
/// keys elsewhere are asked to sign, and the ballots of a secret vote that is open: they stay where they were cast. A restored archive must bring back neither an
/// ended session nor a used link. The list of words is made anew with the index.
pub const LEFT_OUT: [&str; 7] = [
    "session",
    "login_attempts",
    "password_reset",
    "idempotent_request",
    "signature_request",
    "ballot_box",
    "search_word",
];

/// The index of words, whose rows the databases keep in their own ways.
const SEARCH: &str = "document_search";

macro_rules! tables {
    ($($table:ident),+ $(,)?) => {
        /// The tables in an archive, in the order in which their rows are put in.
        pub const NAMES: &[&str] = &[$(stringify!($table),)+ SEARCH];

        /// Writes the rows of the table `name`, and says how many they are.
        pub(super) async fn dump(
            name: &str,
            connection: &(impl ConnectionTrait + StreamTrait),
            sink: &mut impl Write,
        ) -> Result<u64, Error> {
            match name {
                $(stringify!($table) => row::dump::<entity::$table::Entity>(connection, sink).await,)+
                SEARCH => dump_search(connection, sink).await,
                _ => Err(Error::Damaged(format!("there is no table {name}"))),
            }
        }

        /// Puts the rows of the table `name` in, and says how many they were.
        pub(super) async fn load(name: &str, tx: &Tx, rows: impl BufRead) -> Result<u64, Error> {
            match name {
                $(stringify!($table) => row::load::<entity::$table::Entity>(tx, rows).await,)+
                SEARCH => load_search(tx, rows).await,
                _ => Err(Error::Damaged(format!("there is no table {name}"))),
            }
        }

        /// Removes the rows with which migrations begin; the audit chain has none.
        pub(super) async fn clear(tx: &Tx) -> Result<(), Error> {
            $(if stringify!($table) != "audit_entry" {
                entity::$table::Entity::delete_many().exec(tx).await?;
            })+
            Ok(())
        }
    };
}

tables!(
    agency,
    agency_former,
    agency_alias,
    person,
    membership,
    passkey,
    api_key,
    substitution,
    blob,
    setting,
    audit_head,
    audit_entry,
    job,
    trust_anchor,
    signing_key,
    signature_image,
    number_grouping,
    number_sequence,
    number_reservation,
    document,
    document_version,
    document_metadata,
    document_appendix,
    document_initial,
    document_relation,
    document_task,
    signing_rule,
    document_copy,
    signature_pending,
    verification,
    preservation,
    outside_sending,
    paper_arrival,
    dispatch,
    dispatch_status,
    dispatch_support,
    dispatch_opinion,
    notice,
    case_file,
    case_paper,
    meeting,
    meeting_member,
    meeting_site,
    meeting_invited,
    meeting_device,
    meeting_item,
    meeting_paper,
    paper_note,
    meeting_event,
    recording,
    recording_segment,
    meeting_line,
    meeting_letter,
    meeting_check,
    meeting_document,
    calendar_feed,
);

async fn dump_search(connection: &impl ConnectionTrait, sink: &mut impl Write) -> Result<u64, Error> {
    let (mut rows, mut last) = (0, 0);
    loop {
        let page = search::entries(connection, last, 500).await?;
        let Some(end) = page.last() else {
            return Ok(rows);
        };
        last = end.number;
        rows += page.len() as u64;
        for entry in page {
            row::write_line(sink, &entry)?;
        }
    }
}

async fn load_search(tx: &Tx, rows: impl BufRead) -> Result<u64, Error> {
    let (mut count, mut entries) = (0, Vec::new());
    for line in row::lines(rows) {
        entries.push(row::parse::<search::Entry>(&line?)?);
        count += 1;
        if entries.len() == 100 {
            search::add(tx, &entries).await?;
            entries.clear();
        }
    }
    search::add(tx, &entries).await?;
    Ok(count)
}
