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
        // Each is the beginning of a new one, or would be taken in its place.
        for (name, table) in REPLACED {
            let drop = Index::drop().name(*name).table(*table).to_owned();
            manager.drop_index(drop).await?;
        }
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
        "dispatch_handled",
        "dispatch",
        &["lead_id", "receiver_id", "status", "id"],
    ),
    (
        "document_drafted",
        "document",
        &["drafter_id", "agency_id", "state", "id"],
    ),
    (
        "document_signed",
        "document",
        &["signer_id", "agency_id", "state", "id"],
    ),
    (
        "document_content_reviewed",
        "document",
        &["content_reviewer_id", "agency_id", "state", "id"],
    ),
    (
        "document_form_reviewed",
        "document",
        &["form_reviewer_id", "agency_id", "state", "id"],
    ),
];

const REPLACED: &[(&str, &str)] = &[
    ("dispatch_lead", "dispatch"),
    ("document_drafter", "document"),
    ("document_signer", "document"),
];
