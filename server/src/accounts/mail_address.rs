//! Where letters to a person go.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::person;

/// Keeps `address`, in the form of `domain::outside::mail_address`, as the person's; none takes the former away.
///
/// # Errors
/// When the database refuses.
pub async fn keep_mail_address(
    tx: &Tx,
    now: Timestamp,
    actor: &Actor,
    person: &PersonId,
    address: Option<&str>,
) -> Result<(), DbErr> {
    person::Entity::update_many()
        .col_expr(
            person::Column::MailAddress,
            Expr::value(address.map(str::to_owned)),
        )
        .filter(person::Column::Id.eq(person.clone()))
        .exec(tx)
        .await?;
    let subject = format!("person/{person}");
    let detail = json!({ "address": address });
    audit::append(tx, now, actor, "person.mail_address_kept", &subject, detail).await
}
