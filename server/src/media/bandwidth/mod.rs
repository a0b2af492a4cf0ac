//! How much the way to a viewer carries, and sending no faster: transport-wide feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01), an estimate by delay and loss
//! (draft-ietf-rmcat-gcc-02), pacing and probing.

pub mod arrivals;
mod delay;
pub mod egress;
mod estimator;
pub mod feedback;
mod history;
mod pacer;
mod probe;

pub use egress::Egress;
pub use pacer::Queued;
