//! What is said of a document besides its subject, what was written in the page, and the key by which doubles are seen.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0020_metadata"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let metadata = Table::create()
            .table("document_metadata")
            .col(text("document_id").primary_key())
            .col(text("agency_id"))
            .col(text("subject_key"))
            .col(integer("page_count"))
            .col(text("said"))
            .col(text_null("body"))
            .to_owned();
        manager.create_table(metadata).await?;
        let doubles = Index::create()
            .name("document_metadata_subject")
            .table("document_metadata")
            .col("agency_id")
            .col("subject_key")
            .to_owned();
        manager.create_index(doubles).await
    }
}
