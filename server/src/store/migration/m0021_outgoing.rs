//! Appendices in files of their own, initials before the signature, and papers that correct or replace others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0021_outgoing"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [appendices(), initials(), rules(), relations()] {
            manager.create_table(table).await?;
        }
        // SQLite adds one column a statement.
        for column in reviewers() {
            let add = Table::alter().table("document").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let related = Index::create()
            .name("document_relation_related")
            .table("document_relation")
            .col("related_id")
            .to_owned();
        manager.create_index(related).await
    }
}

fn appendices() -> TableCreateStatement {
    Table::create()
        .table("document_appendix")
        .col(text("document_id"))
        .col(integer("number"))
        .col(text("title"))
        .col(text("draft"))
        .col(big_integer("size_bytes"))
        .col(integer("page_count"))
        .col(text_null("pending"))
        .col(text_null("sealed"))
        .col(big_integer_null("sealed_size_bytes"))
        .col(text("created_by"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("document_id").col("number"))
        .to_owned()
}

fn initials() -> TableCreateStatement {
    Table::create()
        .table("document_initial")
        .col(text("id").primary_key())
        .col(text("document_id"))
        .col(text("part"))
        .col(text("person_id"))
        .col(text_null("note"))
        .col(big_integer("made_at"))
        .col(big_integer_null("void_at"))
        .to_owned()
}

fn rules() -> TableCreateStatement {
    Table::create()
        .table("signing_rule")
        .col(text("agency_id"))
        .col(text("person_id"))
        .col(boolean("content"))
        .col(boolean("form"))
        .primary_key(Index::create().col("agency_id").col("person_id"))
        .to_owned()
}

fn relations() -> TableCreateStatement {
    Table::create()
        .table("document_relation")
        .col(text("document_id").primary_key())
        .col(text("relation"))
        .col(text("related_id"))
        .to_owned()
}

fn reviewers() -> Vec<ColumnDef> {
    vec![
        text_null("content_reviewer_id"),
        text_null("form_reviewer_id"),
        boolean("content_initialled").default(false).take(),
        boolean("form_initialled").default(false).take(),
    ]
}
