//! The audit chain by time: what was done today is asked for each time an administrator looks.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0081_watch"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name("audit_entry_by_time")
            .table("audit_entry")
            .col("at")
            .col("action")
            .to_owned();
        manager.create_index(index).await
    }
}
