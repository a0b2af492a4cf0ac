//! Our files and answers in front of other programs.

mod papers;
mod training_pki;
