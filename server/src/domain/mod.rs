//! Rules without I/O.
