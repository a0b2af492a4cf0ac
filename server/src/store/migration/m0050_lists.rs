//! Indexes by which lists and counts are read in their order, whatever lies beside them.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0050_lists"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(*table);
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

type Described = (&'static str, &'static str, &'static [&'static str]);

const INDEXES: &[Described] = &[
    ("dispatch_received", "dispatch", &["receiver_id", "id"]),
    ("dispatch_recall", "dispatch", &["receiver_id", "recall", "id"]),
    (
        "dispatch_due",
        "dispatch",
        &["receiver_id", "status", "due_on", "id"],
    ),
    ("dispatch_sent", "dispatch", &["sender_id", "id"]),
    ("dispatch_sender", "dispatch", &["sender_id", "status", "id"]),
    (
        "document_content_reviewer",
        "document",
        &["content_reviewer_id", "state", "id"],
    ),
    (
        "document_form_reviewer",
        "document",
        &["form_reviewer_id", "state", "id"],
    ),
];
