//! Typst templates to PDF/A.
