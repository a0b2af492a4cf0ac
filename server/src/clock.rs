//! The only reader of time and of the application's randomness.
