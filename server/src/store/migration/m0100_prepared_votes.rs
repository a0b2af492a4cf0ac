//! Votes prepared with the agenda.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0100_prepared_votes"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let vote = Table::alter()
            .table("meeting_item")
            .add_column(text_null("vote"))
            .to_owned();
        manager.alter_table(vote).await
    }
}
