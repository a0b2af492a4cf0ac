//! `hoian admin`: what the administrator's pages do, from the shell.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use sea_orm::EntityTrait;
use time::Date;
use time::format_description::well_known::Iso8601;

use super::admin::RoleName;
use hoian_server::accounts::change::{self, Standing};
use hoian_server::accounts::import::{self, Mode};
use hoian_server::accounts::{self, NewAgency, NewMembership, personal};
use hoian_server::app::App;
use hoian_server::domain::account::RESET;
use hoian_server::domain::id::PersonId;
use hoian_server::domain::listing::List;
use hoian_server::domain::numbering::local_date;
use hoian_server::domain::organisation::Said;
use hoian_server::domain::role::Reach;
use hoian_server::domain::substitution::Substitution;
use hoian_server::jobs::password_letter;
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::{agency, substitution};

/// What is done with accounts and agencies that exist.
#[derive(Subcommand)]
pub(super) enum Keep {
    /// Set what a person is in an agency; their roles in others stay.
    SetRole(SetRole),
    /// Lock an account; its sessions end.
    Lock { user_name: String },
    /// Open a locked account, also one locked by wrong attempts.
    Unlock { user_name: String },
    /// End every session of a person.
    EndSessions { user_name: String },
    /// Print a link by which a person chooses a new password, once, within 24 hours.
    ResetPassword { user_name: String },
    /// Print a new secret for a person's authenticator, after a lost telephone.
    RenewCode { user_name: String },
    /// Print everything kept of a person beside the papers themselves, as JSON.
    ExportPerson { user_name: String },
    /// Erase what no paper needs of a person who has left, and lock the account: address, password, authenticator, sessions.
    ErasePerson { user_name: String },
    /// Let somebody act for a colleague who is absent.
    Substitute(Substitute),
    /// End what `list-substitutions` names.
    EndSubstitution { id: String },
    /// Let an agency be reached by a further identifier.
    AddAlias {
        /// Its present organisation identifier.
        agency: String,
        alias: String,
    },
    /// Take a further identifier away.
    RemoveAlias { agency: String, alias: String },
    /// Change an agency; a former name, symbol or identifier stays in its history.
    ChangeAgency(ChangeAgency),
    /// Try a list of agencies or people (CSV), or take it in with --apply: all of it, or nothing.
    Import {
        list: ListName,
        file: PathBuf,
        /// Take it in; without it everything stays as it was.
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Args)]
pub(super) struct SetRole {
    user_name: String,
    /// Organisation identifier of the agency.
    #[arg(long)]
    agency: String,
    #[arg(long)]
    role: RoleName,
    /// Position, as in "Chủ tịch".
    #[arg(long)]
    position: String,
}

#[derive(Args)]
pub(super) struct Substitute {
    /// User name of the one who acts.
    user_name: String,
    /// User name of the one who is absent.
    #[arg(long)]
    absent: String,
    /// Organisation identifier of the agency in which both work.
    #[arg(long)]
    agency: String,
    /// The first day, as in 2026-12-01.
    #[arg(long)]
    from: String,
    /// The last day.
    #[arg(long)]
    until: String,
}

#[derive(Args)]
pub(super) struct ChangeAgency {
    /// Its present organisation identifier.
    agency: String,
    #[arg(long)]
    organ_id: Option<String>,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    symbol: Option<String>,
    #[arg(long)]
    place: Option<String>,
    /// The day from which it holds, as in 2026-07-01; today where none is named.
    #[arg(long)]
    since: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ListName {
    Agencies,
    People,
}

impl From<ListName> for List {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Agencies => Self::Agencies,
            ListName::People => Self::People,
        }
    }
}

impl Keep {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<String> {
        match self {
            Self::SetRole(said) => set_role(app, said).await,
            Self::Lock { user_name } => stand(app, &user_name, Standing::Locked).await,
            Self::Unlock { user_name } => stand(app, &user_name, Standing::Open).await,
            Self::EndSessions { user_name } => {
                change::end_sessions(app, &Actor::System, &person(app, &user_name).await?).await?;
                Ok(format!("the sessions of {user_name} are ended"))
            }
            Self::ResetPassword { user_name } => reset_password(app, &user_name).await,
            Self::RenewCode { user_name } => {
                let code = change::renew_code(app, &Actor::System, &person(app, &user_name).await?).await?;
                Ok(format!("secret for the authenticator: {}", code.base32()))
            }
            Self::ExportPerson { user_name } => {
                let person = person(app, &user_name).await?;
                let data = personal::hand_out(app, &person, personal::Reader::Office).await?;
                Ok(serde_json::to_string_pretty(&data)?)
            }
            Self::ErasePerson { user_name } => {
                personal::erase(app, &Actor::System, &person(app, &user_name).await?).await?;
                Ok(format!("what no paper needs of {user_name} is erased"))
            }
            Self::Substitute(said) => substitute(app, said).await,
            Self::EndSubstitution { id } => end_substitution(app, &id).await,
            Self::AddAlias { agency, alias } => {
                let id = accounts::find_agency(app.store.read(), &agency).await?;
                accounts::add_alias(app, &Actor::System, &id, &alias).await?;
                Ok(format!("{alias} names {agency} too"))
            }
            Self::RemoveAlias { agency, alias } => {
                let id = accounts::find_agency(app.store.read(), &agency).await?;
                accounts::remove_alias(app, &Actor::System, &id, &alias).await?;
                Ok(format!("{alias} names nothing any more"))
            }
            Self::ChangeAgency(said) => change_agency(app, said).await,
            Self::Import { list, file, apply } => take_in(app, list, &file, apply).await,
        }
    }
}

async fn person(app: &App, user_name: &str) -> anyhow::Result<PersonId> {
    Ok(accounts::find_person(app.store.read(), user_name).await?.id)
}

async fn set_role(app: &App, said: SetRole) -> anyhow::Result<String> {
    let id = person(app, &said.user_name).await?;
    let agency_id = accounts::find_agency(app.store.read(), &said.agency).await?;
    let held = accounts::memberships(app.store.read(), std::slice::from_ref(&id)).await?;
    let others = held
        .into_values()
        .flatten()
        .filter(|held| held.agency_id != agency_id);
    let kept = others.map(|held| NewMembership {
        agency_id: held.agency_id,
        role: held.role,
        position: held.position,
    });
    let mut memberships: Vec<_> = kept.collect();
    memberships.push(NewMembership {
        agency_id,
        role: said.role.into(),
        position: said.position,
    });
    let code = change::assign(app, &Actor::System, &id, memberships).await?;
    let mut done = format!("the role of {} is set", said.user_name);
    if let Some(code) = code {
        done += &format!("\nsecret for the authenticator: {}", code.base32());
    }
    Ok(done)
}

async fn stand(app: &App, user_name: &str, standing: Standing) -> anyhow::Result<String> {
    change::set_standing(app, &Actor::System, &person(app, user_name).await?, standing).await?;
    let is = match standing {
        Standing::Open => "open",
        Standing::Locked => "locked",
    };
    Ok(format!("the account {user_name} is {is}"))
}

async fn reset_password(app: &App, user_name: &str) -> anyhow::Result<String> {
    let id = person(app, user_name).await?;
    let made: Result<accounts::Reset, accounts::Error> = app
        .store
        .write(async |tx| accounts::make_reset(app, tx, &Actor::System, &id, RESET).await)
        .await;
    let reset = made?;
    Ok(format!(
        "until {} this link opens a page for a new password, once:\n{}",
        reset.expires_at,
        password_letter::link(app, &reset.word)
    ))
}

async fn substitute(app: &App, said: Substitute) -> anyhow::Result<String> {
    let wanted = Substitution {
        agency: accounts::find_agency(app.store.read(), &said.agency).await?,
        absent: person(app, &said.absent).await?,
        substitute: person(app, &said.user_name).await?,
        from: day(&said.from)?,
        until: day(&said.until)?,
    };
    accounts::substitute(app, &Actor::System, wanted).await?;
    Ok(format!("{} acts for {}", said.user_name, said.absent))
}

async fn end_substitution(app: &App, id: &str) -> anyhow::Result<String> {
    let found = substitution::Entity::find_by_id(id).one(app.store.read()).await?;
    let row = found.with_context(|| format!("there is no substitution {id}"))?;
    accounts::end_substitution(app, &Actor::System, &row).await?;
    Ok(format!("the substitution {id} has ended"))
}

async fn change_agency(app: &App, said: ChangeAgency) -> anyhow::Result<String> {
    let reader = app.store.read();
    let id = accounts::find_agency(reader, &said.agency).await?;
    let row = agency::Entity::find_by_id(id.clone()).one(reader).await?;
    let row = row.context("the agency has just gone")?;
    let parent = match row.parent_id {
        Some(parent) => agency::Entity::find_by_id(parent).one(reader).await?,
        None => None,
    };
    let new = NewAgency {
        said: Said {
            organ_id: said.organ_id.unwrap_or(row.organ_id),
            name: said.name.unwrap_or(row.name),
            symbol: said.symbol.unwrap_or(row.symbol),
            place: said.place.unwrap_or(row.place),
        },
        kind: row.kind,
        parent: parent.map(|parent| parent.organ_id),
    };
    let since = match said.since {
        Some(since) => day(&since)?,
        None => local_date(app.clock.now_utc()),
    };
    accounts::change_agency(app, &Actor::System, &id, new, since).await?;
    Ok(format!("the agency {} is changed", said.agency))
}

async fn take_in(app: &App, list: ListName, file: &std::path::Path, apply: bool) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let list = list.into();
    let mode = if apply { Mode::Apply } else { Mode::Trial };
    let outcome = import::import(app, &Actor::System, &Reach::All, list, &bytes, mode).await?;
    let mut told = Vec::new();
    told.extend(
        outcome
            .failing
            .iter()
            .map(|one| format!("line {}: {}", one.line, one.wrong)),
    );
    if !apply {
        told.extend(
            outcome
                .added
                .iter()
                .map(|(line, what)| format!("line {line} adds {what}")),
        );
    }
    for one in &outcome.handed {
        let code = one.one_time_code_secret.as_deref().unwrap_or("-");
        told.push(format!(
            "{}\t{}\t{code}",
            one.user_name,
            password_letter::link(app, &one.word)
        ));
    }
    let (added, failing) = (outcome.added.len(), outcome.failing.len());
    told.push(match (outcome.is_applied, failing) {
        (true, _) => format!(
            "{added} lines are taken in, {} were so already",
            outcome.unchanged
        ),
        (false, 0) => format!(
            "{added} lines would be taken in, {} are so already; --apply does it",
            outcome.unchanged
        ),
        (false, _) => format!("{failing} lines fail, so nothing is taken in"),
    });
    match failing {
        0 => Ok(told.join("\n")),
        _ => anyhow::bail!("{}", told.join("\n")),
    }
}

fn day(text: &str) -> anyhow::Result<Date> {
    Date::parse(text, &Iso8601::DATE).with_context(|| format!("{text} is no day such as 2026-12-01"))
}
