//! Keys of other systems.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0161_api_keys"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("api_key")
            .col(text("id").primary_key())
            .col(text("name"))
            .col(binary("digest").unique_key())
            .col(big_integer("created_at"))
            .col(text("created_by"))
            .col(big_integer_null("used_at"))
            .col(big_integer_null("retired_at"))
            .col(text_null("retired_by"))
            .to_owned();
        manager.create_table(table).await
    }
}
