//! The word by which a paper's record is found from its code.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0162_lookup"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("document")
            .add_column(text_null("lookup"))
            .to_owned();
        manager.alter_table(add).await?;
        let once = Index::create()
            .name("document_lookup")
            .table("document")
            .col("lookup")
            .unique()
            .to_owned();
        manager.create_index(once).await
    }
}
