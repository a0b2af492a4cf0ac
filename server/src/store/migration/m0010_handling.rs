//! What the receiver does with a dispatch: arrival number, instruction, handling, recall; and what a document answers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0010_handling"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in dispatch_columns() {
            let add = Table::alter().table("dispatch").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let add = Table::alter()
            .table("document")
            .add_column(text_null("reply_to"))
            .to_owned();
        manager.alter_table(add).await?;
        let support = Table::create()
            .table("dispatch_support")
            .col(text("dispatch_id"))
            .col(text("person_id"))
            .primary_key(Index::create().col("dispatch_id").col("person_id"))
            .to_owned();
        manager.create_table(support).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn dispatch_columns() -> Vec<ColumnDef> {
    vec![
        big_integer("revision").default(0).take(),
        text("recall").default("none").take(),
        integer_null("arrival_number"),
        integer_null("arrival_year"),
        big_integer_null("registered_at"),
        text_null("instruction"),
        text_null("instructed_by"),
        big_integer_null("instructed_at"),
        text_null("lead_id"),
        text_null("due_on"),
        text_null("outcome"),
        big_integer_null("completed_at"),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // One running number a year and agency: kept by the database, not by good will.
        Index::create()
            .name("dispatch_arrival")
            .table("dispatch")
            .col("receiver_id")
            .col("arrival_year")
            .col("arrival_number")
            .unique()
            .to_owned(),
        Index::create()
            .name("dispatch_lead")
            .table("dispatch")
            .col("lead_id")
            .col("status")
            .col("id")
            .to_owned(),
        Index::create()
            .name("dispatch_support_person")
            .table("dispatch_support")
            .col("person_id")
            .to_owned(),
        Index::create()
            .name("document_reply")
            .table("document")
            .col("reply_to")
            .to_owned(),
    ]
}
