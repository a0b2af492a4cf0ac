//! Keys that stay with their holders, and what such a key is asked to sign.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0150_elsewhere"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = text_null("algorithm").take();
        let add = Table::alter().table("signing_key").add_column(column).to_owned();
        manager.alter_table(add).await?;
        let request = Table::create()
            .table("signature_request")
            .col(text("id").primary_key())
            .col(text("word_hash").unique_key())
            .col(text("person_id"))
            .col(text("session_hash"))
            .col(text("content"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("opened_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("signature_request", "person_id")
                    .to("person", "id"),
            )
            .to_owned();
        manager.create_table(request).await?;
        let of_person = Index::create()
            .name("signature_request_by_person")
            .table("signature_request")
            .col("person_id")
            .to_owned();
        manager.create_index(of_person).await
    }
}
