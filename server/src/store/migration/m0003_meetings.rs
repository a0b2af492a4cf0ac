//! Meetings and who is called to them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_meetings"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(meeting()).await?;
        manager.create_table(member()).await?;
        let by_person = Index::create()
            .name("meeting_member_by_person")
            .table("meeting_member")
            .col("person_id")
            .to_owned();
        manager.create_index(by_person).await
    }
}

fn meeting() -> TableCreateStatement {
    Table::create()
        .table("meeting")
        .col(text("id").primary_key())
        .col(text("title"))
        .col(text("agency_id"))
        .col(big_integer("starts_at"))
        .col(text("link_code").unique_key())
        .col(text("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer_null("ended_at"))
        .foreign_key(
            ForeignKey::create()
                .from("meeting", "agency_id")
                .to("agency", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("meeting", "created_by")
                .to("person", "id"),
        )
        .to_owned()
}

fn member() -> TableCreateStatement {
    Table::create()
        .table("meeting_member")
        .col(text("meeting_id"))
        .col(text("person_id"))
        .col(text("role"))
        .primary_key(Index::create().col("meeting_id").col("person_id"))
        .foreign_key(
            ForeignKey::create()
                .from("meeting_member", "meeting_id")
                .to("meeting", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("meeting_member", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}
