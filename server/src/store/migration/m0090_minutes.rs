//! What comes of a meeting on paper: which document is its minutes, the record of a vote, the notice of its conclusions; and
//! what a document gives agencies to do.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0090_minutes"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let documents = Table::create()
            .table("meeting_document")
            .col(text("meeting_id"))
            .col(text("paper"))
            .col(integer("vote"))
            .col(text("document_id"))
            .primary_key(Index::create().col("meeting_id").col("paper").col("vote"))
            .to_owned();
        manager.create_table(documents).await?;
        let by_document = Index::create()
            .name("meeting_document_by_document")
            .table("meeting_document")
            .col("document_id")
            .unique()
            .to_owned();
        manager.create_index(by_document).await?;
        let tasks = Table::create()
            .table("document_task")
            .col(text("document_id"))
            .col(integer("number"))
            .col(text("words"))
            .col(text_null("agency_id"))
            .col(text_null("due_on"))
            .primary_key(Index::create().col("document_id").col("number"))
            .to_owned();
        manager.create_table(tasks).await
    }
}
