//! Keys, pending signatures, trust stores, evidence: the shell around the signer.
