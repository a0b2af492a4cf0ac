//! `hoian admin hsm`: the keys that the HSM holds, and which of them are agencies'.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use hoian_server::accounts;
use hoian_server::app::App;
use hoian_server::custody::certificate::Facts;
use hoian_server::custody::hsm::Held;
use hoian_server::store::audit::Actor;
use hoian_signer::shell::certificates::certificates;

use super::admin::first_line;

/// What is done about keys in the HSM.
#[derive(Subcommand)]
pub(super) enum Hsm {
    /// The keys in it: id, label, whether it keeps them in, whose certificate, until when.
    List,
    /// Make a key in it the key of an agency, once its certificate was judged; an earlier key of the agency is retired.
    Bind(Bind),
}

#[derive(Args)]
pub(super) struct Bind {
    /// The key's id (CKA_ID) as `list` prints it: hexadecimal.
    key: String,
    /// Organisation identifier of the agency whose it is.
    #[arg(long)]
    agency: String,
    /// A file whose first line is the PIN under which the clerk will seal: theirs, and not that of the HSM.
    #[arg(long)]
    pin_file: PathBuf,
    /// Certificates (DER or PEM) that the HSM does not hold, the key's own first. May be repeated.
    #[arg(long)]
    certificate: Vec<PathBuf>,
}

impl Hsm {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<String> {
        match self {
            Self::List => list(app).await,
            Self::Bind(wish) => bind(app, wish).await,
        }
    }
}

async fn list(app: &App) -> anyhow::Result<String> {
    let (serial, keys) = app.custody.hsm_keys().await?;
    let mut lines = vec![format!("token {serial}: {} keys", keys.len())];
    for Held {
        id,
        label,
        chain,
        stays,
    } in keys
    {
        let whose = match chain.first() {
            Some(own) => {
                let facts = Facts::of(own)?;
                format!("{}  valid until {}", facts.subject, facts.not_after.date())
            }
            None => "without a certificate: give it to `bind` by --certificate".to_owned(),
        };
        let stays = if stays { "stays in it" } else { "CAN BE TAKEN OUT" };
        lines.push(format!("{}  {label}  {stays}  {whose}", hex::encode(id)));
    }
    Ok(lines.join("\n"))
}

async fn bind(app: &App, wish: Bind) -> anyhow::Result<String> {
    let id = hex::decode(&wish.key).context("the key's id is not hexadecimal")?;
    let agency = accounts::find_agency(app.store.read(), &wish.agency).await?;
    let mut given = Vec::new();
    for path in &wish.certificate {
        given.extend(certificates(path)?);
    }
    let pin = first_line(&wish.pin_file)?;
    app.custody
        .enrol_hsm_key(&Actor::System, &agency, &id, given, &pin)
        .await?;
    Ok(format!(
        "the key {} in the HSM now seals for {}, while its clerk is there; {} may be deleted",
        wish.key,
        wish.agency,
        wish.pin_file.display()
    ))
}
