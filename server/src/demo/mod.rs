//! The demo province, its people, papers and training PKI, marked as such everywhere.
