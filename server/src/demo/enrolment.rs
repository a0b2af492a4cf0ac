//! Keys, pictures and the trusted root of the demo, taken into custody.

use std::path::Path;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::organisation::Organisation;
use super::pki::Authority;
use super::province::{sealing_agencies, signing_people};
use super::{Error, Handout, artwork};
use crate::custody;
use crate::domain::holder::Holder;
use crate::domain::trust::{Regime, Standing};
use crate::parts::App;
use crate::store::audit::Actor;
use crate::store::entity::{signature_image, signing_key};

/// Enrols what is not enrolled yet: the root and the issuing authority, then each holder's key and picture.
pub(super) async fn enrol(
    app: &App,
    organisation: &Organisation,
    authority: &Authority,
    handout: &Handout,
) -> Result<(), Error> {
    let folder = &app.config.data_folder;
    app.custody
        .enrol_anchor(
            &Actor::System,
            authority.root(),
            Regime::Training,
            Standing::Root,
            WHY,
        )
        .await?;
    app.custody
        .enrol_anchor(
            &Actor::System,
            authority.issuing(),
            Regime::Training,
            Standing::Intermediate,
            WHY,
        )
        .await?;
    for person in signing_people() {
        let holder = Holder::Person(organisation.person(person.user_name)?.clone());
        key(app, &holder, person.user_name, handout, folder).await?;
        let draw = || artwork::signature(person.full_name);
        picture(app, &holder, draw, artwork::SIGNATURE_MM.0).await?;
    }
    for agency in sealing_agencies() {
        let holder = Holder::Agency(organisation.agency(agency.organ_id)?.clone());
        key(app, &holder, agency.organ_id, handout, folder).await?;
        picture(app, &holder, || artwork::seal(agency.name), artwork::SEAL_MM).await?;
    }
    Ok(())
}

async fn key(app: &App, holder: &Holder, alias: &str, handout: &Handout, folder: &Path) -> Result<(), Error> {
    let enrolled = signing_key::Entity::find()
        .filter(signing_key::Column::Holder.eq(holder.to_string()))
        .one(app.store.read())
        .await?;
    if enrolled.is_some() {
        return Ok(());
    }
    let package = folder.join("keys").join(format!("{alias}.p12"));
    if !package.exists() {
        // The training PKI of an earlier version gave this holder no key, and is not made anew.
        return Ok(());
    }
    let package = std::fs::read(package)?;
    let enrolled = app
        .custody
        .enrol_key(&Actor::System, holder, &package, &handout.pin, &handout.pin)
        .await;
    match enrolled {
        Ok(_) | Err(custody::Error::AlreadyEnrolled) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn picture(
    app: &App,
    holder: &Holder,
    draw: impl FnOnce() -> Result<Vec<u8>, artwork::Error>,
    width_mm: f64,
) -> Result<(), Error> {
    let enrolled = signature_image::Entity::find()
        .filter(signature_image::Column::Holder.eq(holder.to_string()))
        .one(app.store.read())
        .await?;
    if enrolled.is_none() {
        app.custody
            .enrol_image(&Actor::System, holder, &draw()?, width_mm)
            .await?;
    }
    Ok(())
}

/// Why the demo trusts its own authority.
const WHY: &str = "Chứng thư huấn luyện của bản minh họa";
