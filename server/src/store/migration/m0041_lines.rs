//! How the lines of a meeting's participants were.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0041_lines"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let line = Table::create()
            .table("meeting_line")
            .col(text("meeting_id"))
            .col(text("seat"))
            .col(big_integer("changed_at"))
            .col(text("body"))
            .primary_key(Index::create().col("meeting_id").col("seat"))
            .to_owned();
        manager.create_table(line).await
    }
}
