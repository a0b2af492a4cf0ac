//! Accounts: passwords, one-time codes, log-in, sessions.

mod create;
pub mod login;
mod one_time_code;
mod password;
mod session;

pub use create::{Created, Error, NewMembership, NewPerson, create, current_code, role_holders};
pub use one_time_code::OneTimeCode;
pub use password::{Busy, Passwords};
pub use session::{Membership, Person, Token, close, identify, memberships};
