//! What each seat of a meeting reported when it was last tried out.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0061_checks"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let check = Table::create()
            .table("meeting_check")
            .col(text("meeting_id"))
            .col(text("seat"))
            .col(big_integer("tested_at"))
            .col(text("body"))
            .primary_key(Index::create().col("meeting_id").col("seat"))
            .to_owned();
        manager.create_table(check).await
    }
}
