//! The outbox: every effect outside the database is a job that may run twice.
