//! Budgets for every search and every input, so that no document can make validation run or grow without bound.
//!
//! The numbers are the largest seen in 1,100 signed files from the field, times at least ten.

/// Revisions in one file; each signature, time-stamp and DSS adds one.
pub const REVISIONS: usize = 500;
/// Objects named by all cross-reference sections of a file together.
pub const OBJECTS: usize = 4_000_000;
/// The largest object number taken (ISO 32000-2, annex C.2, names 8,388,607).
pub const OBJECT_NUMBER: u32 = 8_388_607;
/// Nesting of arrays and dictionaries.
pub const NESTING: usize = 64;
/// Bytes of one decoded stream.
pub const DECODED_STREAM_BYTES: usize = 64 << 20;
/// Bytes of all streams decoded while one document is judged.
pub const DECODED_TOTAL_BYTES: usize = 512 << 20;
/// References followed to reach one value.
pub const REFERENCE_HOPS: usize = 16;
/// Form fields and annotations looked at.
pub const FIELDS: usize = 50_000;
/// Pages looked at.
pub const PAGES: usize = 100_000;
/// Depth of the page tree and of the field tree.
pub const TREE_DEPTH: usize = 64;
/// Signatures in one file.
pub const SIGNATURES: usize = 200;
/// Objects compared between two revisions.
pub const COMPARED_OBJECTS: usize = 2_000_000;
/// Bytes of one CMS; `/Contents` of real files stays under 100 kB, long CRLs inside under 8 MB.
pub const CMS_BYTES: usize = 32 << 20;
/// Certificates considered for one chain.
pub const CERTIFICATES: usize = 1_000;
/// Certificates in one path, anchor included.
pub const PATH_LENGTH: usize = 10;
/// Issuers tried in one search for a path: each costs a signature check.
pub const PATH_STEPS: usize = 200;
/// Revocation answers (OCSP and CRL) considered in one document.
pub const REVOCATION_ANSWERS: usize = 1_000;
/// Subtrees of a certificate's name constraints, and names measured against each.
pub const NAME_CONSTRAINTS: usize = 1_000;
/// Policies, and mappings of policies, of one certificate.
pub const POLICIES: usize = 200;
/// Of a content stream or character map that is read for what it shows: a field's has some hundred bytes, a font's map of all
/// characters of Chinese about a megabyte.
pub const CONTENT_BYTES: usize = 2 << 20;
/// Of all that is read for what the fields filled in one update show: streams as often as they are drawn, fonts once.
pub const SHOWN_BYTES: usize = 8 << 20;
