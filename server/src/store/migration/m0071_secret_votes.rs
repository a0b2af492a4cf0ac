//! Secret votes: key and ballots of one that is open, sealed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0071_secret_votes"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ballot_box = Table::create()
            .table("ballot_box")
            .col(text("meeting_id"))
            .col(integer("vote"))
            .col(binary("sealed"))
            .primary_key(Index::create().col("meeting_id").col("vote"))
            .to_owned();
        manager.create_table(ballot_box).await
    }
}
