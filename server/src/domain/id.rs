//! Opaque ids, one type a subject, so that an agency's id is never taken for a person's.

/// Declares an id: a UUID of version 7 as text, usable as a column and as a key.
#[macro_export]
macro_rules! id {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sea_orm::DeriveValueType, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        // SeaORM asks this of every primary key, for databases that number rows themselves; ours are never numbered.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id!(
    /// An agency: a People's Committee, a department, a commune.
    AgencyId
);
id!(
    /// A person with an account.
    PersonId
);
