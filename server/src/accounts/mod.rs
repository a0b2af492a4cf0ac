//! Accounts: passwords, one-time codes, log-in, sessions.

mod agency;
mod create;
mod first_password;
pub mod login;
mod mail_address;
mod one_time_code;
mod session;

pub use agency::{NewAgency, create_agency, find_agency};
pub use create::{Created, Error, NewMembership, NewPerson, create, current_code, role_holders};
pub use first_password::{first_password, random_digits};
pub use mail_address::keep_mail_address;
pub use one_time_code::OneTimeCode;
pub use session::{Membership, Person, Token, close, identify, memberships};
