//! The schema, step by step. A landed migration is never edited: expand first, contract in a later release.

mod m0001_house;
mod m0002_documents;
mod m0003_meetings;
mod m0010_handling;
mod m0011_search;
mod m0012_numbers;
mod m0020_metadata;
mod m0021_outgoing;
mod m0022_copies;
mod m0030_words;
mod m0040_conference;
mod m0041_lines;
mod m0050_lists;
mod m0051_outside;
mod m0052_following;
mod m0053_case_files;
mod m0055_paper;
mod m0056_joint;
mod m0060_invitations;
mod m0061_checks;
mod m0062_parts;
mod m0070_votes;
mod m0071_secret_votes;
mod m0080_people;
mod m0081_watch;
mod m0090_minutes;
mod m0100_prepared_votes;
mod m0110_passkeys;
mod m0120_trust;
mod m0121_open_tries;
mod m0130_ballot_notices;
mod m0150_elsewhere;
mod m0160_preservation;
mod m0161_api_keys;
mod m0162_lookup;
mod m0170_hsm;
mod m0171_ending_keys;
mod m0180_remote;
mod m0195_recordings;
mod m0210_devices;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryOrder};
use sea_orm_migration::{MigrationTrait, MigratorTrait, seaql_migrations};

/// Brings the schema up to date; whatever is applied already is left alone.
pub(super) async fn apply(connection: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(connection, None).await
}

/// Names of the migrations that this database has, in their order.
pub(super) async fn applied(connection: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let found = seaql_migrations::Entity::find()
        .order_by_asc(seaql_migrations::Column::Version)
        .all(connection)
        .await?;
    Ok(found.into_iter().map(|row| row.version).collect())
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_house::Migration),
            Box::new(m0002_documents::Migration),
            Box::new(m0003_meetings::Migration),
            Box::new(m0010_handling::Migration),
            Box::new(m0011_search::Migration),
            Box::new(m0012_numbers::Migration),
            Box::new(m0020_metadata::Migration),
            Box::new(m0021_outgoing::Migration),
            Box::new(m0022_copies::Migration),
            Box::new(m0030_words::Migration),
            Box::new(m0040_conference::Migration),
            Box::new(m0041_lines::Migration),
            Box::new(m0050_lists::Migration),
            Box::new(m0051_outside::Migration),
            Box::new(m0052_following::Migration),
            Box::new(m0053_case_files::Migration),
            Box::new(m0055_paper::Migration),
            Box::new(m0056_joint::Migration),
            Box::new(m0060_invitations::Migration),
            Box::new(m0061_checks::Migration),
            Box::new(m0062_parts::Migration),
            Box::new(m0070_votes::Migration),
            Box::new(m0071_secret_votes::Migration),
            Box::new(m0080_people::Migration),
            Box::new(m0081_watch::Migration),
            Box::new(m0090_minutes::Migration),
            Box::new(m0100_prepared_votes::Migration),
            Box::new(m0110_passkeys::Migration),
            Box::new(m0120_trust::Migration),
            Box::new(m0121_open_tries::Migration),
            Box::new(m0130_ballot_notices::Migration),
            Box::new(m0150_elsewhere::Migration),
            Box::new(m0160_preservation::Migration),
            Box::new(m0161_api_keys::Migration),
            Box::new(m0162_lookup::Migration),
            Box::new(m0170_hsm::Migration),
            Box::new(m0171_ending_keys::Migration),
            Box::new(m0180_remote::Migration),
            Box::new(m0195_recordings::Migration),
            Box::new(m0210_devices::Migration),
        ]
    }
}
