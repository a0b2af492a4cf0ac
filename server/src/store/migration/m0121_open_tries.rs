//! Tries of a PIN under way, so that those which a stop cut off can be told from wrong ones.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0121_open_tries"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = integer("tries_open").default(0).take();
        let add = Table::alter().table("signing_key").add_column(column).to_owned();
        manager.alter_table(add).await
    }
}
