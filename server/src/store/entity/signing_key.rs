//! Signing keys of people and agencies: a wrapped PKCS#12 each, the place of one in the HSM, or the certificate of one that stays
//! with its holder.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// A person's id or an agency's, as [`crate::domain::holder::Holder`] writes it: `person:…`, `agency:…`.
    pub holder: String,
    /// Issuer and serial bind the holder; the name in the subject is for people only.
    pub issuer: String,
    pub serial: String,
    pub subject: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// The certificates, DER, its own first, as a JSON list of base64 strings.
    pub chain: String,
    /// What the key signs with, where it stays with its holder; nothing is wrapped then.
    /// [`hoian_signer::sign::Algorithm::name`].
    pub algorithm: Option<String>,
    /// `CKA_ID` in hexadecimal of a key in the HSM: `wrapped` then holds no more than that.
    pub hsm_key: Option<String>,
    /// Which key of the remote service it is, where that one signs with it; [`crate::custody::remote`].
    pub remote: Option<String>,
    /// The PKCS#12 and its password under AES-256-GCM; see [`crate::custody::wrap`].
    pub wrapped: Vec<u8>,
    /// Of Argon2id.
    pub salt: Vec<u8>,
    pub tries_left: i32,
    /// Taken from `tries_left`, and how they ended is not known yet.
    pub tries_open: i32,
    pub created_at: Timestamp,
    /// Set when another key took its place.
    pub retired_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
