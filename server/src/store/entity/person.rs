//! People with an account.

use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonId,
    /// In the form of `domain::account::user_name_key`.
    #[sea_orm(unique)]
    pub user_name: String,
    pub full_name: String,
    /// In the form of `domain::account::name_key`: what lists are ordered by and searched in.
    pub name_key: String,
    /// PHC string of Argon2id.
    pub password_hash: String,
    /// The TOTP secret, sealed under the server secret; none where no role asks for it.
    pub one_time_code_secret: Option<Vec<u8>>,
    /// The last TOTP step that was used: no code is accepted twice (RFC 6238 section 5.2).
    pub last_one_time_code_step: i64,
    pub is_active: bool,
    /// Where letters to them go, in the form of `domain::outside::mail_address`.
    pub mail_address: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
