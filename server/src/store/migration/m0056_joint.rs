//! A second signatory: who signs after the first, and of which other agency, whose seal follows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0056_joint"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in ["cosigner_id", "partner_id"] {
            let add = Table::alter()
                .table("document")
                .add_column(text_null(column))
                .to_owned();
            manager.alter_table(add).await?;
            let list = Index::create()
                .name(format!("document_{column}"))
                .table("document")
                .col(column)
                .col("state")
                .col("id")
                .to_owned();
            manager.create_index(list).await?;
        }
        Ok(())
    }
}
