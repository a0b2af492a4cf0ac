//! Our files and answers in front of other programs.

mod papers;
mod signatures;
mod training_pki;
