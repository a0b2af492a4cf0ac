//! What goes to receivers outside this system: by mail, as a package that is handed over, or by post on paper.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0051_outside"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sendings = Table::create()
            .table("outside_sending")
            .col(text("id").primary_key())
            .col(text("document_id"))
            .col(text("agency_id"))
            .col(text("way"))
            .col(text("receiver"))
            .col(text("address"))
            .col(integer("copies"))
            .col(text("standing"))
            .col(text_null("answer"))
            .col(text_null("tracking_code"))
            .col(text("person_id"))
            .col(big_integer("sent_at"))
            .col(big_integer("standing_at"))
            .to_owned();
        manager.create_table(sendings).await?;
        // Sending is idempotent by document, way and receiver.
        let once = Index::create()
            .name("outside_sending_once")
            .table("outside_sending")
            .col("document_id")
            .col("way")
            .col("receiver")
            .unique()
            .to_owned();
        manager.create_index(once).await?;
        let book = Index::create()
            .name("outside_sending_book")
            .table("outside_sending")
            .col("agency_id")
            .col("way")
            .col("id")
            .to_owned();
        manager.create_index(book).await
    }
}
