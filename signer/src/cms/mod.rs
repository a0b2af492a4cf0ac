//! Cryptographic Message Syntax (RFC 5652): ASN.1 in, values out.
