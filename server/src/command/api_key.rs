//! `hoian admin api-key`: keys by which other systems ask for verifications.

use clap::Subcommand;
use hoian_server::accounts::api_key;
use hoian_server::app::App;
use hoian_server::store::audit::Actor;

/// What is done about keys.
#[derive(Subcommand)]
pub(super) enum ApiKey {
    /// Give out a key for a system, as in "Cổng dịch vụ công"; prints it this once.
    Add { name: String },
    /// Every key that was given out: id, system, since when, last used, until when.
    List,
    /// End a key; from now on it opens nothing.
    Retire { id: String },
}

impl ApiKey {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<String> {
        match self {
            Self::Add { name } => Ok(api_key::give(app, &Actor::System, &name).await?.1),
            Self::List => list(app).await,
            Self::Retire { id } => {
                api_key::retire(app, &Actor::System, &id).await?;
                Ok(format!("{id} opens nothing any more"))
            }
        }
    }
}

async fn list(app: &App) -> anyhow::Result<String> {
    let line = |row: hoian_server::store::entity::api_key::Model| {
        let used = row
            .used_at
            .map_or("never used".to_owned(), |at| format!("last used {at}"));
        let until = row
            .retired_at
            .map_or(String::new(), |at| format!("  retired {at}"));
        format!(
            "{}  {}  since {}  {used}{until}",
            row.id, row.name, row.created_at
        )
    };
    let lines: Vec<_> = api_key::all(app).await?.into_iter().map(line).collect();
    match lines.is_empty() {
        true => Ok("no key was given out yet".into()),
        false => Ok(lines.join("\n")),
    }
}
