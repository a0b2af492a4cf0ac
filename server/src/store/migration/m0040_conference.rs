//! The meeting as a procedure: sites, invited agencies, agenda, papers with notes, the record of what happened, feeds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0040_conference"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for (table, columns) in [("meeting", meeting()), ("meeting_member", member())] {
            for column in columns {
                let add = Table::alter().table(table).add_column(column).to_owned();
                manager.alter_table(add).await?;
            }
        }
        for table in [site(), invited(), item(), paper(), note(), event(), feed()] {
            manager.create_table(table).await?;
        }
        for (table, column) in [
            ("meeting_site", "meeting_id"),
            ("meeting_paper", "meeting_id"),
            ("meeting_invited", "agency_id"),
        ] {
            let index = Index::create()
                .name(format!("{table}_by_{column}"))
                .table(table)
                .col(column)
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn meeting() -> Vec<ColumnDef> {
    vec![
        text("kind").default("meeting").take(),
        big_integer_null("ends_at"),
        text("place").default("").take(),
        boolean("lobby").default(false).take(),
        text("microphones").default("free").take(),
        text("quorum").default("two_thirds").take(),
        integer("quota_seconds").default(300).take(),
        integer("muted_above").default(10).take(),
        big_integer_null("alive_at"),
        text_null("invitation_id"),
    ]
}

fn member() -> Vec<ColumnDef> {
    vec![
        text_null("site_id"),
        text_null("agency_id"),
        text("reply").default("none").take(),
        text_null("reply_note"),
        big_integer_null("replied_at"),
        text_null("stands_for"),
    ]
}

fn site() -> TableCreateStatement {
    Table::create()
        .table("meeting_site")
        .col(text("id").primary_key())
        .col(text("meeting_id"))
        .col(integer("position"))
        .col(text("name"))
        .col(text_null("agency_id"))
        .col(boolean("is_main"))
        .col(text("link_code").unique_key())
        .to_owned()
}

fn invited() -> TableCreateStatement {
    Table::create()
        .table("meeting_invited")
        .col(text("meeting_id"))
        .col(text("agency_id"))
        .col(text_null("site_id"))
        .col(text("reply"))
        .col(text_null("reply_note"))
        .col(text_null("replied_by"))
        .col(big_integer_null("replied_at"))
        .primary_key(Index::create().col("meeting_id").col("agency_id"))
        .to_owned()
}

fn item() -> TableCreateStatement {
    Table::create()
        .table("meeting_item")
        .col(text("meeting_id"))
        .col(integer("number"))
        .col(text("title"))
        .col(text_null("presenter_id"))
        .col(text("presenter"))
        .col(integer("minutes"))
        .primary_key(Index::create().col("meeting_id").col("number"))
        .to_owned()
}

fn paper() -> TableCreateStatement {
    Table::create()
        .table("meeting_paper")
        .col(text("id").primary_key())
        .col(text("meeting_id"))
        .col(integer_null("item"))
        .col(text("document_id"))
        .col(integer("version"))
        .col(text("title"))
        .col(text("audience"))
        .col(big_integer_null("visible_from"))
        .col(text("added_by"))
        .col(big_integer("added_at"))
        .to_owned()
}

fn note() -> TableCreateStatement {
    Table::create()
        .table("paper_note")
        .col(text("paper_id"))
        .col(text("person_id"))
        .col(integer("page"))
        .col(text("words"))
        .col(big_integer("written_at"))
        .primary_key(Index::create().col("paper_id").col("person_id").col("page"))
        .to_owned()
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("meeting_event")
        .col(text("meeting_id"))
        .col(big_integer("sequence"))
        .col(big_integer("at"))
        .col(text("actor"))
        .col(text("body"))
        .primary_key(Index::create().col("meeting_id").col("sequence"))
        .to_owned()
}

fn feed() -> TableCreateStatement {
    Table::create()
        .table("calendar_feed")
        .col(text("person_id").primary_key())
        .col(text("secret_hash").unique_key())
        .col(big_integer("created_at"))
        .to_owned()
}
