//! Accounts: passwords, one-time codes, log-in, sessions; agencies and who works in them; who acts for whom.

mod agency;
pub mod api_key;
pub mod change;
mod create;
mod error;
mod first_password;
pub mod import;
pub mod listed;
pub mod login;
mod mail_address;
mod one_time_code;
pub mod own;
pub mod passkey;
pub mod personal;
mod reset;
mod session;
mod substitution;

pub use agency::{NewAgency, add_agency, add_alias, change_agency, create_agency, find_agency, remove_alias};
pub use create::{
    Created, NewMembership, NewPerson, Prepared, add_person, create, current_code, find_person, prepare,
    role_holders,
};
pub use error::Error;
pub use first_password::{first_password, random_digits};
pub use mail_address::keep_mail_address;
pub use one_time_code::OneTimeCode;
pub use reset::{Reset, asked_for_reset, make_reset, use_reset};
pub use session::{Membership, Person, Place, Token, close, hash, identify, is_open, memberships, sessions};
pub use substitution::{Acting, end_substitution, substitute};
