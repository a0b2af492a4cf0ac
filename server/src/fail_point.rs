//! Named places where a test can end the process.
