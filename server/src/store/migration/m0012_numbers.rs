//! Which kinds share a sequence, by whose decision; numbers that are kept aside, used or given up, each with its record.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0012_numbers"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let grouping = Table::create()
            .table("number_grouping")
            .col(text("agency_id"))
            .col(text("kind"))
            .col(integer("from_year"))
            .col(text("name"))
            .primary_key(Index::create().col("agency_id").col("kind").col("from_year"))
            .to_owned();
        manager.create_table(grouping).await?;
        let reservation = Table::create()
            .table("number_reservation")
            .col(text("id").primary_key())
            .col(text("agency_id"))
            .col(text("kind"))
            .col(text("name"))
            .col(integer("year"))
            .col(integer("number"))
            .col(text("reason"))
            .col(text("person_id"))
            .col(big_integer("created_at"))
            .col(text_null("document_id"))
            .col(big_integer_null("released_at"))
            .col(text_null("released_by"))
            .col(text_null("release_reason"))
            .to_owned();
        manager.create_table(reservation).await?;
        let once = Index::create()
            .name("number_reservation_once")
            .table("number_reservation")
            .col("agency_id")
            .col("name")
            .col("year")
            .col("number")
            .unique()
            .to_owned();
        manager.create_index(once).await
    }
}
