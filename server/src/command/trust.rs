//! `hoian admin trust`: the certificates that the office trusts, added, listed and retired.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hoian_server::app::App;
use hoian_server::custody::certificate;
use hoian_server::domain::trust::{Regime, Standing, Trusting};
use hoian_server::store::audit::Actor;

use super::admin::read;

/// What is done about trust.
#[derive(Subcommand)]
pub(super) enum Trust {
    /// Trust a certificate (DER or PEM) whose fingerprint you read where its authority publishes it.
    Add(Add),
    /// Every certificate that is trusted or was: fingerprint, regime, standing, whose, until when.
    List,
    /// Trust a certificate no more; what is proven to have been signed before stays valid.
    Retire(Retire),
}

#[derive(Args)]
pub(super) struct Add {
    file: PathBuf,
    #[arg(long)]
    regime: RegimeName,
    /// SHA-256 of the certificate as published: hexadecimal, with or without colons.
    #[arg(long)]
    sha256: String,
    /// Why, as in "Công văn 12/CTSBMTT ngày 02-11-2026"; kept in the audit chain.
    #[arg(long)]
    reason: String,
    /// Only completes chains; not trusted by itself.
    #[arg(long)]
    intermediate: bool,
}

#[derive(Args)]
pub(super) struct Retire {
    /// SHA-256 of the certificate, as `list` prints it.
    sha256: String,
    /// Why; kept in the audit chain.
    #[arg(long)]
    reason: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum RegimeName {
    /// Chuyên dùng Chính phủ.
    Government,
    /// Công cộng.
    Public,
}

impl From<RegimeName> for Regime {
    fn from(name: RegimeName) -> Self {
        match name {
            RegimeName::Government => Self::Government,
            RegimeName::Public => Self::Public,
        }
    }
}

impl Trust {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<String> {
        match self {
            Self::Add(new) => add(app, new).await,
            Self::List => list(app).await,
            Self::Retire(old) => {
                let custody = &app.custody;
                custody
                    .end_trust(&Actor::System, &old.sha256, &old.reason)
                    .await?;
                Ok(format!("{} is trusted no more", old.sha256))
            }
        }
    }
}

async fn add(app: &App, new: Add) -> anyhow::Result<String> {
    let certificate = certificate::der(&read(&new.file)?)?;
    let said = Trusting {
        regime: new.regime.into(),
        standing: if new.intermediate {
            Standing::Intermediate
        } else {
            Standing::Root
        },
        published: new.sha256,
        reason: new.reason,
    };
    let fingerprint = app.custody.trust(&Actor::System, &certificate, &said).await?;
    Ok(format!("trusted: {fingerprint}"))
}

async fn list(app: &App) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for row in app.custody.anchors().await? {
        let facts = certificate::Facts::of(&row.certificate)?;
        let until = match row.retired_at {
            Some(at) => format!("trusted until {at}"),
            None => format!("valid until {}", facts.not_after.date()),
        };
        lines.push(format!(
            "{}  {}  {:?}  {}  {until}",
            row.fingerprint,
            row.regime.name(),
            row.standing,
            facts.subject
        ));
    }
    match lines.is_empty() {
        true => Ok(
            "nothing is trusted yet; add the root of the state's authority with `hoian admin trust add`"
                .into(),
        ),
        false => Ok(lines.join("\n")),
    }
}
