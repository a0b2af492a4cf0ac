//! Figures, each beside its floor measured in the same run.

pub mod child;
pub mod figure;
