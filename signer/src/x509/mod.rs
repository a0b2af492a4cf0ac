//! Certificates (RFC 5280).
