//! Who somebody is, where others than this program know it: a directory that keeps passwords, a provider that logs in, a
//! device that holds a passkey.

pub mod directory;
pub mod passkeys;
pub mod provider;

pub use directory::Directory;
pub use passkeys::Passkeys;
pub use provider::Provider;
