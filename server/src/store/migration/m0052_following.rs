//! Following up: notices, opinions of those who support, papers handed on to other agencies; and a job that asks for the
//! reminders of work that had a due day before there were any.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0052_following"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(notices()).await?;
        manager.create_table(opinions()).await?;
        // SQLite adds one column a statement.
        for column in ["forwarded_from", "forwarded_by"] {
            let add = Table::alter()
                .table("dispatch")
                .add_column(text_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        manager.get_connection().execute_unprepared(REMIND).await?;
        Ok(())
    }
}

fn notices() -> TableCreateStatement {
    Table::create()
        .table("notice")
        .col(text("id").primary_key())
        .col(text("person_id"))
        .col(text("kind"))
        .col(text("key"))
        .col(text("document_id"))
        .col(text_null("dispatch_id"))
        .col(text("code"))
        .col(text("subject"))
        .col(text_null("due_on"))
        .col(text_null("words"))
        .col(text_null("from_id"))
        .col(big_integer("told_at"))
        .col(big_integer_null("read_at"))
        .to_owned()
}

fn opinions() -> TableCreateStatement {
    Table::create()
        .table("dispatch_opinion")
        .col(text("dispatch_id"))
        .col(integer("number"))
        .col(text("person_id"))
        .col(text("words"))
        .col(big_integer("given_at"))
        .primary_key(Index::create().col("dispatch_id").col("number"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table);
        for column in columns {
            index.col(*column);
        }
        index.to_owned()
    };
    vec![
        // Each thing is told to a person once: kept by the database, not by good will.
        index("notice_once", "notice", &["person_id", "key"])
            .unique()
            .to_owned(),
        index("notice_list", "notice", &["person_id", "id"]),
        index("notice_unread", "notice", &["person_id", "read_at", "id"]),
        index("dispatch_forwarded", "dispatch", &["forwarded_from"]),
    ]
}

/// Asks once for `dispatch.ask_reminders`.
const REMIND: &str = "INSERT INTO job (id, kind, payload, due_at, attempts, created_at, is_given_up) \
     SELECT 'dispatch.ask_reminders', 'dispatch.ask_reminders', '{}', 0, 0, 0, FALSE \
     WHERE EXISTS (SELECT 1 FROM dispatch WHERE due_on IS NOT NULL AND status IN ('04', '05'))";
