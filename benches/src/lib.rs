//! Figures, each beside its floor measured in the same run, and the loads under which they are taken.

pub mod child;
pub mod figure;
pub mod media;
pub mod province;
