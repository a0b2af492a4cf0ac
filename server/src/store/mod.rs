//! One database, blobs by SHA-256, the audit chain.
