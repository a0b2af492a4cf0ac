//! Other SFUs that the registries have, under the same load on the same core.

pub mod janus;
