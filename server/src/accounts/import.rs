//! Taking in a list of agencies or people: all of it or nothing, in one transaction. A trial runs the same transaction and
//! rolls it back, so that it tells what would truly happen. A list adds; what exists and is otherwise is named, not changed.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::agency::{NewAgency, add_agency, find_agency};
use super::create::{NewMembership, Prepared, add_person, find_person};
use super::error::Error;
use super::mail_address::keep_mail_address;
use super::reset::make_reset;
use crate::clock::Timestamp;
use crate::domain::id::AgencyId;
use crate::domain::listing::{self, AgencyLine, Failing, List, PersonLine, Wrong};
use crate::domain::role::Reach;
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{agency, membership};

/// How long the links that a list's people are handed open anything: a list is handed out over some days.
const LINK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whether a list is taken in, or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Trial,
    Apply,
}

/// What a list does.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether it was done: not on trial, nor where any line fails.
    pub is_applied: bool,
    /// Lines that add something: the line and what it adds.
    pub added: Vec<(u64, String)>,
    /// How many lines say what is so already.
    pub unchanged: usize,
    /// In the order of lines.
    pub failing: Vec<Failing>,
    /// What the new people are to be handed; empty unless it was done.
    pub handed: Vec<Handed>,
}

/// What a new person of a list is handed.
#[derive(Debug)]
pub struct Handed {
    pub user_name: String,
    pub full_name: String,
    /// What opens the page on which the person chooses a password.
    pub word: Zeroizing<String>,
    pub expires_at: Timestamp,
    /// In base 32, for the authenticator.
    pub one_time_code_secret: Option<String>,
}

/// Takes a list in.
///
/// # Errors
/// When the database refuses; what is wrong with lines stands in the outcome.
pub async fn import(
    app: &App,
    actor: &Actor,
    reach: &Reach,
    list: List,
    bytes: &[u8],
    mode: Mode,
) -> Result<Outcome, Error> {
    let done: Result<Outcome, Halt> = app
        .store
        .write(async |tx: &Tx| {
            let mut outcome = match list {
                List::Agencies => agencies(app, tx, actor, bytes).await?,
                List::People => people(app, tx, actor, reach, bytes).await?,
            };
            outcome.failing.sort_by_key(|failing| failing.line);
            if mode == Mode::Trial || !outcome.failing.is_empty() {
                return Err(Halt::Undone(outcome));
            }
            let detail = json!({ "list": format!("{list:?}"), "added": outcome.added.len() });
            audit::append(
                tx,
                app.clock.now(),
                actor,
                "list.imported",
                "organisation",
                detail,
            )
            .await?;
            outcome.is_applied = true;
            Ok(outcome)
        })
        .await;
    match done {
        Ok(outcome) => Ok(outcome),
        Err(Halt::Undone(outcome)) => Ok(Outcome {
            handed: Vec::new(),
            ..outcome
        }),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Why the transaction is rolled back.
enum Halt {
    Undone(Outcome),
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<DbErr> for Halt {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

async fn agencies(app: &App, tx: &Tx, actor: &Actor, bytes: &[u8]) -> Result<Outcome, Error> {
    let (mut waiting, failing) = listing::agencies(bytes);
    let mut outcome = Outcome {
        failing,
        ..Outcome::default()
    };
    // One whose parent stands further below waits for the next round.
    loop {
        let before = waiting.len();
        let mut later = Vec::new();
        for line in waiting {
            if let Some(line) = agency_line(app, tx, actor, line, &mut outcome).await? {
                later.push(line);
            }
        }
        if later.len() == before || later.is_empty() {
            let unknown = later.into_iter().map(|line| Failing {
                line: line.line,
                wrong: Wrong::UnknownAgency(line.parent.unwrap_or_default()),
            });
            outcome.failing.extend(unknown);
            return Ok(outcome);
        }
        waiting = later;
    }
}

/// Comes back as the line where its parent is not known yet.
async fn agency_line(
    app: &App,
    tx: &Tx,
    actor: &Actor,
    line: AgencyLine,
    outcome: &mut Outcome,
) -> Result<Option<AgencyLine>, Error> {
    let parent = match &line.parent {
        Some(organ_id) => match find_agency(tx, organ_id).await {
            Ok(parent) => Some(parent),
            Err(Error::UnknownAgency(_)) => return Ok(Some(line)),
            Err(error) => return Err(error),
        },
        None => None,
    };
    match find_agency(tx, &line.said.organ_id).await {
        Ok(id) => {
            let row = agency::Entity::find_by_id(id).one(tx).await?;
            let same = |row: agency::Model| {
                let said = &line.said;
                (&row.organ_id, &row.name, &row.symbol, &row.place)
                    == (&said.organ_id, &said.name, &said.symbol, &said.place)
                    && row.kind == line.kind
                    && row.parent_id == parent
            };
            match row.is_some_and(same) {
                true => outcome.unchanged += 1,
                false => outcome.failing.push(Failing {
                    line: line.line,
                    wrong: Wrong::Otherwise,
                }),
            }
        }
        Err(Error::UnknownAgency(_)) => {
            outcome.added.push((line.line, line.said.name.clone()));
            let new = NewAgency {
                said: line.said,
                kind: line.kind,
                parent: line.parent,
            };
            add_agency(app, tx, actor, &new).await?;
        }
        Err(error) => return Err(error),
    }
    Ok(None)
}

async fn people(app: &App, tx: &Tx, actor: &Actor, reach: &Reach, bytes: &[u8]) -> Result<Outcome, Error> {
    let (lines, failing) = listing::people(bytes);
    let mut outcome = Outcome {
        failing,
        ..Outcome::default()
    };
    let mut known: BTreeMap<String, Option<AgencyId>> = BTreeMap::new();
    let mut groups: Vec<Vec<(PersonLine, AgencyId)>> = Vec::new();
    let mut group_of: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        if !known.contains_key(&line.organ_id) {
            let found = match find_agency(tx, &line.organ_id).await {
                Ok(id) => Some(id),
                Err(Error::UnknownAgency(_)) => None,
                Err(error) => return Err(error),
            };
            known.insert(line.organ_id.clone(), found);
        }
        let agency = known.get(&line.organ_id).cloned().flatten();
        let wrong = match &agency {
            None => Some(Wrong::UnknownAgency(line.organ_id.clone())),
            Some(agency) if !reach.covers(agency) => Some(Wrong::OutOfReach),
            Some(_) => None,
        };
        match (agency, wrong) {
            (Some(agency), None) => {
                let at = *group_of.entry(line.user_name.clone()).or_insert(groups.len());
                if at == groups.len() {
                    groups.push(Vec::new());
                }
                groups[at].push((line, agency));
            }
            (_, wrong) => outcome.failing.extend(wrong.map(|wrong| Failing {
                line: line.line,
                wrong,
            })),
        }
    }
    for group in groups {
        one_person(app, tx, actor, group, &mut outcome).await?;
    }
    Ok(outcome)
}

/// All lines of one person.
async fn one_person(
    app: &App,
    tx: &Tx,
    actor: &Actor,
    lines: Vec<(PersonLine, AgencyId)>,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let Some((first, _)) = lines.first() else {
        return Ok(());
    };
    let found = match find_person(tx, &first.user_name).await {
        Ok(row) => Some(row),
        Err(Error::Unknown(_)) => None,
        Err(error) => return Err(error),
    };
    if let Some(row) = found {
        let held = membership::Entity::find()
            .filter(membership::Column::PersonId.eq(row.id))
            .all(tx)
            .await?;
        for (line, agency) in lines {
            let says = |one: &membership::Model| {
                one.agency_id == agency && one.role == line.role && one.position == line.position
            };
            match row.full_name == line.full_name && held.iter().any(says) {
                true => outcome.unchanged += 1,
                false => outcome.failing.push(Failing {
                    line: line.line,
                    wrong: Wrong::Otherwise,
                }),
            }
        }
        return Ok(());
    }
    let added = lines
        .iter()
        .map(|(line, _)| (line.line, format!("{}, {}", line.full_name, line.position)));
    outcome.added.extend(added);
    let (user_name, full_name, address) = (
        first.user_name.clone(),
        first.full_name.clone(),
        first.mail_address.clone(),
    );
    let membership = |(line, agency_id): (PersonLine, AgencyId)| NewMembership {
        agency_id,
        role: line.role,
        position: line.position,
    };
    let memberships = lines.into_iter().map(membership).collect();
    let person = Prepared::without_password(user_name.clone(), full_name.clone(), memberships);
    let created = add_person(app, tx, actor, &person).await?;
    if address.is_some() {
        keep_mail_address(tx, app.clock.now(), actor, &created.id, address.as_deref()).await?;
    }
    let reset = make_reset(app, tx, actor, &created.id, LINK).await?;
    outcome.handed.push(Handed {
        user_name,
        full_name,
        word: reset.word,
        expires_at: reset.expires_at,
        one_time_code_secret: created.one_time_code.map(|code| code.base32()),
    });
    Ok(())
}
