//! Strict reader of revisions, incremental writer, byte ranges, form fields, text positions.
