//! Keys at a remote signing service, and what such a service is asked to sign.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0180_remote"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            ("signing_key", "remote"),
            ("signature_request", "document_id"),
            ("signature_request", "remote"),
            ("signature_request", "failure"),
        ];
        // SQLite adds one column at a time.
        for (table, column) in columns {
            let add = Table::alter()
                .table(table)
                .add_column(text_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
