//! `hoian admin`: what there is, one a line with tabs between, for people and scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::admin::RoleName;
use super::keep::ListName;
use hoian_server::accounts::listed::{self, Whom, matching};
use hoian_server::accounts::{find_agency, memberships};
use hoian_server::app::App;
use hoian_server::domain::listing;
use hoian_server::domain::numbering::local_date;
use hoian_server::domain::role::Reach;
use hoian_server::store::entity::{agency, person, substitution};

/// What is only looked at.
#[derive(Subcommand)]
pub(super) enum Tell {
    /// List people: user name, full name, roles, whether the account is locked.
    ListPeople(ListPeople),
    /// List substitutions that are not over: id, agency, who is absent, who acts, first and last day.
    ListSubstitutions,
    /// Write all agencies or people to a new file (CSV), as `import` takes them.
    Export { list: ListName, file: PathBuf },
}

#[derive(Args)]
pub(super) struct ListPeople {
    /// The beginnings of words of a name or user name, with or without marks.
    #[arg(default_value = "")]
    words: String,
    /// Organisation identifier of the agency in which they work.
    #[arg(long)]
    agency: Option<String>,
    #[arg(long)]
    role: Option<RoleName>,
    /// Only locked accounts.
    #[arg(long)]
    locked: bool,
}

impl Tell {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<String> {
        match self {
            Self::ListPeople(asked) => list_people(app, asked).await,
            Self::ListSubstitutions => list_substitutions(app).await,
            Self::Export { list, file } => export(app, list, &file).await,
        }
    }
}

async fn list_people(app: &App, asked: ListPeople) -> anyhow::Result<String> {
    let reader = app.store.read();
    let agency = match &asked.agency {
        Some(organ_id) => Some(find_agency(reader, organ_id).await?),
        None => None,
    };
    let whom = Whom {
        words: asked.words,
        agency,
        role: asked.role.map(Into::into),
        is_locked: asked.locked.then_some(true),
    };
    let rows = matching(&Reach::All, &whom)
        .order_by_asc(person::Column::NameKey)
        .order_by_asc(person::Column::Id)
        .all(reader)
        .await?;
    let mut lines = Vec::new();
    for row in rows {
        let held = memberships(reader, std::slice::from_ref(&row.id)).await?;
        let held = held.into_values().flatten();
        let held = held.map(|held| format!("{}, {}", held.position, held.agency_name));
        let held: Vec<String> = held.collect();
        let standing = if row.is_active { "open" } else { "locked" };
        lines.push([row.user_name, row.full_name, held.join("; "), standing.to_owned()].join("\t"));
    }
    Ok(lines.join("\n"))
}

async fn list_substitutions(app: &App) -> anyhow::Result<String> {
    let reader = app.store.read();
    let today = local_date(app.clock.now_utc()).to_string();
    let rows = substitution::Entity::find()
        .filter(substitution::Column::EndedAt.is_null())
        .filter(substitution::Column::UntilOn.gte(today))
        .order_by_asc(substitution::Column::Id)
        .all(reader)
        .await?;
    let people = person::Entity::find().all(reader).await?.into_iter();
    let people: BTreeMap<_, _> = people.map(|row| (row.id, row.user_name)).collect();
    let agencies = agency::Entity::find().all(reader).await?.into_iter();
    let agencies: BTreeMap<_, _> = agencies.map(|row| (row.id, row.organ_id)).collect();
    let line = |row: substitution::Model| {
        let agency = agencies.get(&row.agency_id).cloned().unwrap_or_default();
        let absent = people.get(&row.absent_id).cloned().unwrap_or_default();
        let acts = people.get(&row.substitute_id).cloned().unwrap_or_default();
        [row.id, agency, absent, acts, row.from_on, row.until_on].join("\t")
    };
    let lines: Vec<String> = rows.into_iter().map(line).collect();
    Ok(lines.join("\n"))
}

async fn export(app: &App, list: ListName, file: &Path) -> anyhow::Result<String> {
    let lines = listed::lines(app, &Reach::All, list.into()).await?;
    let count = lines.len();
    let bytes = listing::write(list.into(), lines)?;
    let cannot = || format!("cannot write {}", file.display());
    let mut out = std::fs::File::create_new(file).with_context(cannot)?;
    std::io::Write::write_all(&mut out, &bytes).with_context(cannot)?;
    Ok(format!("{} holds {count} lines", file.display()))
}
