//! Documents that came on paper, and extracts of parts of a page.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0055_paper"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let papers = Table::create()
            .table("paper_arrival")
            .col(text("document_id").primary_key())
            .col(text("agency_id"))
            .col(text("author"))
            .col(text("code"))
            .col(text_null("issued_on"))
            .col(text("kind"))
            .col(text("subject"))
            .col(small_integer("urgency"))
            .col(text_null("signer"))
            .col(text("double_key"))
            .col(integer("page_count"))
            .col(big_integer("size_bytes"))
            .col(text("person_id"))
            .col(big_integer("registered_at"))
            .to_owned();
        manager.create_table(papers).await?;
        // The clerk is warned of a paper that stands in the register already.
        let doubles = Index::create()
            .name("paper_arrival_double")
            .table("paper_arrival")
            .col("agency_id")
            .col("double_key")
            .to_owned();
        manager.create_index(doubles).await?;
        let regions = Table::alter()
            .table("document_copy")
            .add_column(text_null("regions"))
            .to_owned();
        manager.alter_table(regions).await
    }
}
