//! Accounts: passwords, one-time codes, log-in, sessions.

mod agency;
mod create;
mod first_password;
pub mod login;
mod one_time_code;
mod password;
mod session;

pub use agency::{NewAgency, create_agency, find_agency};
pub use create::{Created, Error, NewMembership, NewPerson, create, current_code, role_holders};
pub use first_password::{first_password, random_digits};
pub use one_time_code::OneTimeCode;
pub use password::{Busy, Passwords};
pub use session::{Membership, Person, Token, close, identify, memberships};
