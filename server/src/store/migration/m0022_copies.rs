//! Certified copies and extracts, with their numbers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0022_copies"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let copies = Table::create()
            .table("document_copy")
            .col(text("id").primary_key())
            .col(text("agency_id"))
            .col(text("form"))
            .col(text_null("document_id"))
            .col(text_null("dispatch_id"))
            .col(text("title"))
            .col(text_null("pages"))
            .col(integer("number"))
            .col(integer("year"))
            .col(text("notation"))
            .col(text("draft"))
            .col(text_null("pending"))
            .col(text_null("sealed"))
            .col(big_integer_null("size_bytes"))
            .col(text("person_id"))
            .col(big_integer("made_at"))
            .to_owned();
        manager.create_table(copies).await?;
        // All copies of an agency share one sequence a year: kept by the database, not by good will.
        let once = Index::create()
            .name("document_copy_number")
            .table("document_copy")
            .col("agency_id")
            .col("year")
            .col("number")
            .unique()
            .to_owned();
        manager.create_index(once).await
    }
}
