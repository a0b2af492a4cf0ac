//! Votes: how much each member's counts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0070_votes"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let weight = Table::alter()
            .table("meeting_member")
            .add_column(integer("weight").default(1).take())
            .to_owned();
        manager.alter_table(weight).await
    }
}
