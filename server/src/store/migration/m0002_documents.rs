//! Documents, their versions and numbers, dispatches, keys, trust and verifications.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_documents"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            documents(),
            versions(),
            pending(),
            sequences(),
            dispatches(),
            statuses(),
        ] {
            manager.create_table(table).await?;
        }
        for table in [keys(), images(), anchors(), verifications()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn table(
    name: &'static str,
    columns: impl IntoIterator<Item = ColumnDef>,
    key: &[&'static str],
) -> TableCreateStatement {
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    let mut table = Table::create();
    table.table(name).primary_key(&mut primary);
    for column in columns {
        table.col(column);
    }
    table
}

fn documents() -> TableCreateStatement {
    let columns = [
        text("id"),
        text("agency_id"),
        text("drafter_id"),
        text("signer_id"),
        text("kind"),
        text("subject"),
        small_integer("urgency"),
        text("notation"),
        text("state"),
        boolean("leader_signed"),
        boolean("numbered"),
        boolean("agency_signed"),
        integer_null("number"),
        integer_null("number_year"),
        text_null("issued_on"),
        text_null("places"),
        text_null("remark"),
        big_integer("revision"),
        big_integer("created_at"),
        big_integer("updated_at"),
    ];
    table("document", columns, &["id"])
}

fn versions() -> TableCreateStatement {
    let columns = [
        text("document_id"),
        integer("number"),
        integer_null("continues"),
        text("purpose"),
        text("blob"),
        big_integer("size_bytes"),
        text_null("level"),
        text("created_by"),
        big_integer("created_at"),
    ];
    table("document_version", columns, &["document_id", "number"])
}

fn pending() -> TableCreateStatement {
    let columns = [
        text("document_id"),
        text("id"),
        integer("version"),
        text("key_id"),
        text("person_id"),
        text("signed"),
        integer("attempts"),
        text_null("last_error"),
        big_integer("created_at"),
    ];
    table("signature_pending", columns, &["document_id"])
}

fn sequences() -> TableCreateStatement {
    let columns = [text("agency_id"), text("name"), integer("year"), integer("last")];
    table("number_sequence", columns, &["agency_id", "name", "year"])
}

fn dispatches() -> TableCreateStatement {
    let columns = [
        text("id"),
        text("document_id"),
        text("sender_id"),
        text("receiver_id"),
        integer("version"),
        text("blob"),
        text("status"),
        text_null("verification_id"),
        big_integer("sent_at"),
    ];
    table("dispatch", columns, &["id"])
}

fn statuses() -> TableCreateStatement {
    let columns = [
        text("dispatch_id"),
        integer("number"),
        text("status"),
        text_null("reason"),
        text_null("person_id"),
        big_integer("at"),
    ];
    table("dispatch_status", columns, &["dispatch_id", "number"])
}

fn keys() -> TableCreateStatement {
    let columns = [
        text("id"),
        text("holder"),
        text("issuer"),
        text("serial"),
        text("subject"),
        big_integer("not_before"),
        big_integer("not_after"),
        text("chain"),
        binary("wrapped"),
        binary("salt"),
        integer("tries_left"),
        big_integer("created_at"),
        big_integer_null("retired_at"),
    ];
    table("signing_key", columns, &["id"])
}

fn images() -> TableCreateStatement {
    let columns = [
        text("holder"),
        text("blob"),
        double("width_mm"),
        double("height_mm"),
        big_integer("updated_at"),
    ];
    table("signature_image", columns, &["holder"])
}

fn anchors() -> TableCreateStatement {
    let columns = [
        text("fingerprint"),
        text("regime"),
        text("standing"),
        binary("certificate"),
        big_integer("added_at"),
    ];
    table("trust_anchor", columns, &["fingerprint"])
}

fn verifications() -> TableCreateStatement {
    let columns = [
        text("id"),
        text("blob"),
        text("policy"),
        text("verdict"),
        text("report"),
        text("evidence"),
        big_integer("verified_at"),
    ];
    table("verification", columns, &["id"])
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, on: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(on);
        for column in columns {
            index.col(*column);
        }
        index
    };
    let unique = |name, on, columns| index(name, on, columns).unique().to_owned();
    vec![
        // Number and symbol are unique in an agency and year: the law's rule, kept by the database.
        unique(
            "document_number",
            "document",
            &["agency_id", "notation", "number_year", "number"],
        ),
        unique("dispatch_once", "dispatch", &["document_id", "receiver_id"]),
        unique("verification_once", "verification", &["blob", "policy"]),
        // One certificate is enrolled once.
        unique("signing_key_certificate", "signing_key", &["issuer", "serial"]),
        index("signing_key_holder", "signing_key", &["holder"]),
        index("document_signer", "document", &["signer_id", "state", "id"]),
        index("document_drafter", "document", &["drafter_id", "state", "id"]),
        index("document_agency", "document", &["agency_id", "state", "id"]),
        index("dispatch_receiver", "dispatch", &["receiver_id", "status", "id"]),
    ]
}
