//! Inviting by letter: people's mail addresses, how often a meeting has changed since, and the last letter to each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0060_invitations"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for (table, column) in [
            ("person", text_null("mail_address")),
            ("meeting", integer("sequence").default(0).take()),
            ("meeting", integer("details_sequence").default(0).take()),
            ("meeting", big_integer_null("called_off_at")),
            ("meeting", text_null("called_off_reason")),
        ] {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let letters = Table::create()
            .table("meeting_letter")
            .col(text("meeting_id"))
            .col(text("person_id"))
            .col(text("method"))
            .col(integer("sequence"))
            .col(text("address"))
            .col(text("standing"))
            .col(text_null("answer"))
            .col(big_integer("written_at"))
            .primary_key(Index::create().col("meeting_id").col("person_id"))
            .to_owned();
        manager.create_table(letters).await?;
        let by_invitation = Index::create()
            .name("meeting_by_invitation")
            .table("meeting")
            .col("invitation_id")
            .to_owned();
        manager.create_index(by_invitation).await
    }
}
