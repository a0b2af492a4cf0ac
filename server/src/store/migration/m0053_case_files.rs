//! Case files, and the papers in them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0053_case_files"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(files()).await?;
        manager.create_table(papers()).await?;
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(*table);
            for column in *columns {
                index.col(*column);
            }
            // Of a year two files never have one code: kept by the database, not by good will.
            if *name == "case_file_code" {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn files() -> TableCreateStatement {
    Table::create()
        .table("case_file")
        .col(text("id").primary_key())
        .col(text("agency_id"))
        .col(integer("year"))
        .col(text("code"))
        .col(text("title"))
        .col(text("words"))
        .col(small_integer_null("retention_years"))
        .col(text("note"))
        .col(text("keeper_id"))
        .col(text("state"))
        .col(text_null("opened_on"))
        .col(text_null("closed_on"))
        .col(big_integer("revision"))
        .col(text("created_by"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn papers() -> TableCreateStatement {
    Table::create()
        .table("case_paper")
        .col(text("case_file_id"))
        .col(text("document_id"))
        .col(text_null("dispatch_id"))
        .col(text("note"))
        .col(text("put_by"))
        .col(big_integer("put_at"))
        .col(text_null("taken_out_by"))
        .col(big_integer_null("taken_out_at"))
        .col(text_null("taken_out_reason"))
        .primary_key(Index::create().col("case_file_id").col("document_id"))
        .to_owned()
}

type Described = (&'static str, &'static str, &'static [&'static str]);

const INDEXES: &[Described] = &[
    ("case_file_code", "case_file", &["agency_id", "year", "code"]),
    ("case_file_list", "case_file", &["agency_id", "year", "id"]),
    ("case_file_keeper", "case_file", &["keeper_id", "state", "id"]),
    ("case_paper_document", "case_paper", &["document_id"]),
];
