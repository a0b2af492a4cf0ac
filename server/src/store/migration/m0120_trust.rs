//! Trust with who, why, and until when.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0120_trust"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            text_null("added_by"),
            text_null("reason"),
            big_integer_null("retired_at"),
            text_null("retired_by"),
            text_null("retirement_reason"),
        ];
        // SQLite adds one column a statement.
        for column in columns {
            let add = Table::alter().table("trust_anchor").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
