//! Passkeys: the public halves of keys by which people log in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0110_passkeys"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let passkey = Table::create()
            .table("passkey")
            .col(text("id").primary_key())
            .col(text("person_id"))
            .col(text("name"))
            .col(text("key"))
            .col(big_integer("created_at"))
            .col(big_integer_null("last_used_at"))
            .col(big_integer("last_asked_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("passkey", "person_id")
                    .to("person", "id"),
            )
            .to_owned();
        manager.create_table(passkey).await?;
        let of_person = Index::create()
            .name("passkey_by_person")
            .table("passkey")
            .col("person_id")
            .to_owned();
        manager.create_index(of_person).await
    }
}
