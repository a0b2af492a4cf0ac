//! PDF signatures: a core that performs no I/O, and (feature `shell`) what the commands and the server need around it.

pub mod appearance;
pub mod cms;
pub mod crl;
mod encode;
pub mod error;
pub mod limits;
pub mod ocsp;
pub mod pdf;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "shell")]
pub mod shell;
pub mod sign;
mod status;
pub mod tsp;
pub mod validate;
pub mod x509;
