//! `hoian admin`: agencies, people, keys and trust, from the machine itself; it may run beside `hoian serve`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use sea_orm::DbErr;
use serde_json::json;
use zeroize::Zeroizing;

use super::api_key::ApiKey;
use super::hsm::Hsm;
use super::keep::Keep;
use super::serve::claim;
use super::tell::Tell;
use super::trust::Trust;
use hoian_server::accounts::{self, NewAgency, NewMembership, NewPerson};
use hoian_server::app::App;
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use hoian_server::domain::holder::Holder;
use hoian_server::domain::id::PersonId;
use hoian_server::domain::organisation::{AgencyKind, Said};
use hoian_server::domain::outside;
use hoian_server::domain::role::Role;
use hoian_server::jobs::invitation;
use hoian_server::store::archive::{self, Manifest};
use hoian_server::store::audit::{self, Actor};
use hoian_server::store::setting;

/// What an administrator does on the machine.
#[derive(Subcommand)]
pub(super) enum Admin {
    /// Add an agency.
    AddAgency(AddAgency),
    /// Add a person; prints their first password and the secret of their one-time code, once.
    AddPerson(AddPerson),
    /// Keep where letters to a person go.
    SetMailAddress(SetMailAddress),
    /// Take a PKCS#12 key into custody for a person or an agency, whose name its certificate must bear.
    AddKey(AddKey),
    /// Keep the picture of a person's signature or an agency's seal (PNG with transparency).
    AddImage(AddImage),
    /// Keys in the HSM of the house.
    #[command(subcommand)]
    Hsm(Hsm),
    /// Certificates that the office trusts.
    #[command(subcommand)]
    Trust(Trust),
    /// Keys by which other systems ask for verifications.
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// Give every kept paper a new archive time-stamp as soon as it can be had: an algorithm or an authority is failing.
    RenewProofs {
        /// Why; kept in the audit chain.
        #[arg(long)]
        reason: String,
    },
    /// Write everything to one new file, also while the program serves. The server secret is not in it: keep it apart.
    Backup { file: PathBuf },
    /// Fill an empty database and data folder from a backup, whichever database it was made on.
    Restore { file: PathBuf },
    #[command(flatten)]
    Keep(Keep),
    #[command(flatten)]
    Tell(Tell),
}

#[derive(Args)]
pub(super) struct AddAgency {
    /// Organisation identifier (mã định danh), as in H37.02.
    organ_id: String,
    /// Full name, as in "Sở Nội vụ".
    #[arg(long)]
    name: String,
    /// Its group in a document's symbol, as in SNV.
    #[arg(long)]
    symbol: String,
    #[arg(long)]
    kind: Kind,
    /// Organisation identifier of the agency above it.
    #[arg(long)]
    parent: Option<String>,
    /// Place name in the date line of its documents.
    #[arg(long)]
    place: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Province,
    Department,
    Commune,
}

#[derive(Args)]
pub(super) struct AddPerson {
    user_name: String,
    #[arg(long)]
    full_name: String,
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
pub(super) struct SetMailAddress {
    user_name: String,
    /// None takes the former away.
    address: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Administrator,
    Leader,
    Clerk,
    Officer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Administrator => Self::Administrator,
            RoleName::Leader => Self::Leader,
            RoleName::Clerk => Self::Clerk,
            RoleName::Officer => Self::Officer,
        }
    }
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Owner {
    /// User name of the person whose it is.
    #[arg(long)]
    person: Option<String>,
    /// Organisation identifier of the agency whose it is.
    #[arg(long)]
    agency: Option<String>,
}

#[derive(Args)]
pub(super) struct AddKey {
    /// The PKCS#12 file.
    file: PathBuf,
    #[command(flatten)]
    owner: Owner,
    /// A file whose first line is the password of the PKCS#12.
    #[arg(long)]
    password_file: PathBuf,
    /// A file whose first line is the PIN under which the key will be used.
    #[arg(long)]
    pin_file: PathBuf,
}

#[derive(Args)]
pub(super) struct AddImage {
    /// The PNG.
    file: PathBuf,
    #[command(flatten)]
    owner: Owner,
    /// Its width on paper: a seal is shown in its actual size.
    #[arg(long)]
    width_mm: f64,
}

impl Admin {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        let app = App::open(config, Clock::system()).await?;
        // A restored database says itself who made it.
        if !matches!(self, Self::Restore { .. }) {
            claim(&app, "serve").await?;
        }
        let done = match self {
            Self::AddAgency(new) => add_agency(&app, new).await,
            Self::AddPerson(new) => add_person(&app, new).await,
            Self::SetMailAddress(new) => set_mail_address(&app, new).await,
            Self::AddKey(new) => add_key(&app, new).await,
            Self::AddImage(new) => add_image(&app, new).await,
            Self::Hsm(hsm) => hsm.run(&app).await,
            Self::Trust(trust) => trust.run(&app).await,
            Self::ApiKey(key) => key.run(&app).await,
            Self::RenewProofs { reason } => {
                let papers = app.custody.renew_all_proofs(&Actor::System, &reason).await?;
                Ok(format!(
                    "{papers} papers are proven anew as soon as the authority answers"
                ))
            }
            Self::Backup { file } => backup(&app, &file).await,
            Self::Restore { file } => restore(&app, &file).await,
            Self::Keep(keep) => keep.run(&app).await,
            Self::Tell(tell) => tell.run(&app).await,
        };
        app.store.close().await?;
        println!("{}", done?);
        Ok(ExitCode::SUCCESS)
    }
}

async fn add_agency(app: &App, new: AddAgency) -> anyhow::Result<String> {
    let agency = NewAgency {
        said: Said {
            organ_id: new.organ_id,
            name: new.name,
            symbol: new.symbol,
            place: new.place,
        },
        kind: match new.kind {
            Kind::Province => AgencyKind::Province,
            Kind::Department => AgencyKind::Department,
            Kind::Commune => AgencyKind::Commune,
        },
        parent: new.parent,
    };
    let id = accounts::create_agency(app, &Actor::System, agency).await?;
    Ok(format!("agency {id} is added"))
}

async fn add_person(app: &App, new: AddPerson) -> anyhow::Result<String> {
    let agency_id = accounts::find_agency(app.store.read(), &new.agency).await?;
    let password = Zeroizing::new(accounts::first_password(&app.clock));
    let person = NewPerson {
        user_name: new.user_name.clone(),
        full_name: new.full_name,
        password: password.clone(),
        memberships: vec![NewMembership {
            agency_id,
            role: new.role.into(),
            position: new.position,
        }],
    };
    let created = accounts::create(app, &Actor::System, person).await?;
    let mut said = format!("{} is added; first password: {}", new.user_name, *password);
    if let Some(code) = created.one_time_code {
        said += &format!("\nsecret for the authenticator: {}", code.base32());
    }
    Ok(said)
}

async fn set_mail_address(app: &App, new: SetMailAddress) -> anyhow::Result<String> {
    let id = person_id(app, &new.user_name).await?;
    let address = new.address.as_deref().map(outside::mail_address).transpose()?;
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            accounts::keep_mail_address(tx, now, &Actor::System, &id, address.as_deref()).await?;
            invitation::address_changed(tx, &app.clock, &id).await
        })
        .await?;
    Ok(match address {
        Some(address) => format!("letters to {} go to {address}", new.user_name),
        None => format!("no letters go to {}", new.user_name),
    })
}

async fn add_key(app: &App, new: AddKey) -> anyhow::Result<String> {
    let holder = holder(app, &new.owner).await?;
    let (file, password, pin) = (
        read(&new.file)?,
        first_line(&new.password_file)?,
        first_line(&new.pin_file)?,
    );
    let custody = &app.custody;
    custody
        .enrol_judged_key(&Actor::System, &holder, &file, &password, &pin)
        .await?;
    Ok(format!(
        "the key is in custody; {} may be deleted",
        new.file.display()
    ))
}

async fn add_image(app: &App, new: AddImage) -> anyhow::Result<String> {
    let holder = holder(app, &new.owner).await?;
    let png = read(&new.file)?;
    app.custody
        .enrol_image(&Actor::System, &holder, &png, new.width_mm)
        .await?;
    Ok("the picture is kept".to_owned())
}

async fn backup(app: &App, file: &Path) -> anyhow::Result<String> {
    let made = archive::backup(&app.store, app.clock.now(), file).await?;
    note(app, &made)
        .await
        .context("the backup is whole, but that it was made cannot be noted")?;
    Ok(format!(
        "{} holds {} rows and {} blobs; keep {} in another place",
        file.display(),
        made.rows(),
        made.blobs,
        app.config.data_folder.join("server.secret").display()
    ))
}

/// For the audit chain, since everything has left the house with it, and for whoever watches that there is a fresh one.
async fn note(app: &App, made: &Manifest) -> anyhow::Result<()> {
    let detail = json!({ "rows": made.rows(), "blobs": made.blobs });
    let noted: Result<(), DbErr> = app
        .store
        .write(async |tx| {
            setting::write(tx, setting::LAST_BACKUP, &made.made_at.0.to_string()).await?;
            audit::append(
                tx,
                app.clock.now(),
                &Actor::System,
                "backup.made",
                "backup",
                detail,
            )
            .await
        })
        .await;
    Ok(noted?)
}

async fn restore(app: &App, file: &Path) -> anyhow::Result<String> {
    let done = archive::restore(&app.store, app.clock.now(), file).await?;
    Ok(format!(
        "restored what was kept at {}: {} rows and {} blobs; people log in anew. Keys in custody open only beside the \
         server secret of then",
        done.made_at,
        done.rows(),
        done.blobs
    ))
}

async fn holder(app: &App, owner: &Owner) -> anyhow::Result<Holder> {
    if let Some(organ_id) = &owner.agency {
        return Ok(Holder::Agency(
            accounts::find_agency(app.store.read(), organ_id).await?,
        ));
    }
    let name = owner.person.as_deref().unwrap_or_default();
    Ok(Holder::Person(person_id(app, name).await?))
}

async fn person_id(app: &App, user_name: &str) -> anyhow::Result<PersonId> {
    Ok(accounts::find_person(app.store.read(), user_name).await?.id)
}

pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

pub(super) fn first_line(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = Zeroizing::new(
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
    );
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
