//! Errors, kept apart by whose fault they are.
