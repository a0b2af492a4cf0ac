//! Keys of PKCS#12 files.

use hoian_signer::error::Error;
use hoian_signer::shell::{clock, pkcs12};
use hoian_signer::sign::{Digest, Key as _};

use super::{blank, fixture, passes};

#[test]
fn pkcs12_says_whether_the_password_or_the_file_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (name, making, export) in fixture::OPENSSL_KEYS {
        let (file, _) = fixture::openssl_key(folder.path(), making, export);
        assert!(
            pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD).is_ok(),
            "{name}"
        );
        let wrong = pkcs12::Key::open(&file, "wrong").err();
        assert!(matches!(wrong, Some(Error::Refused { .. })), "{name}: {wrong:?}");
        let broken = pkcs12::Key::open(&file[..file.len() / 2], fixture::OPENSSL_PASSWORD).err();
        assert!(
            matches!(broken, Some(Error::Malformed { .. })),
            "{name}: {broken:?}"
        );
    }
}

#[test]
fn digests_of_the_family_sign_with_every_kind_of_rsa() {
    let now = clock::now();
    let folder = tempfile::tempdir().unwrap();
    let (name, making, export) = fixture::OPENSSL_KEYS[0];
    let (file, _) = fixture::openssl_key(folder.path(), making, export);
    let pki = fixture::Pki::new(now);
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        let open = || hoian_signer::shell::pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD).unwrap();
        for key in [
            open().with_digest(digest),
            open().with_pkcs1().with_digest(digest),
        ] {
            assert_eq!(key.algorithm().digest(), digest, "{name}");
            let request = fixture::request("Signature1", key.algorithm(), now);
            passes(
                &fixture::sign(&blank(), &request, &key, &pki.time_stamps, now),
                name,
            );
        }
    }
}
