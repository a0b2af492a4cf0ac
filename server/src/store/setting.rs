//! What the database knows about itself, by name.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use super::Tx;
use super::entity::setting;

/// Says who made the database: `demo` or `serve`. The two never touch each other's.
pub const MADE_BY: &str = "made_by";
/// When the last backup was made, in milliseconds since the Unix epoch.
pub const LAST_BACKUP: &str = "last_backup";

/// The value of the setting `name`, where there is one.
///
/// # Errors
/// When the database refuses.
pub async fn read(connection: &impl ConnectionTrait, name: &str) -> Result<Option<String>, DbErr> {
    Ok(setting::Entity::find_by_id(name.to_owned())
        .one(connection)
        .await?
        .map(|row| row.value))
}

/// Sets `name` to `value`, whatever it was.
///
/// # Errors
/// When the database refuses.
pub async fn write(tx: &Tx, name: &str, value: &str) -> Result<(), DbErr> {
    let row = setting::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    };
    let replace = OnConflict::column(setting::Column::Name)
        .update_column(setting::Column::Value)
        .to_owned();
    setting::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
