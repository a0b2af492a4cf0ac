//! Blobs: named by their content, whole or absent, in a folder as in an object store. They are the same beside either database.

use std::convert::Infallible;

use futures::stream;
use hoian_server::store::blob::{self, Error, Sha256};

use crate::House;

/// SHA-256 of "abc", FIPS 180-4's own example.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

on_both_stores_of_files!(
    names_content_by_its_hash_however_it_arrives,
    keeps_a_stream_of_many_parts,
    leaves_nothing_of_what_was_too_long_or_broke_off,
    notices_damage,
    can_be_tried_out,
);

/// How many files there are, beside what an object store keeps of its own.
fn files(house: &House) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        entries
            .map(|path| if path.is_dir() { count(&path) } else { 1 })
            .sum()
    }
    ["sha256", "arriving"]
        .map(|name| count(&house.files().join(name)))
        .iter()
        .sum()
}

async fn names_content_by_its_hash_however_it_arrives(house: House) {
    let blobs = house.app.store.blobs();
    let whole = blobs.put("abc").await.unwrap();
    let parts = stream::iter(["a", "bc"].map(|part| Ok::<_, Infallible>(part.into())));
    let streamed = blobs.put_stream(parts, 3).await.unwrap();
    assert_eq!((whole.sha256.0.as_str(), whole.size_bytes), (ABC, 3));
    assert_eq!(streamed, whole);
    assert_eq!(&blobs.get(&whole.sha256).await.unwrap()[..], b"abc");
    assert_eq!(files(&house), 1);
    let now = house.app.clock.now();
    for _ in 0..2 {
        house
            .app
            .store
            .write(async |tx| blob::record(tx, &whole, now).await)
            .await
            .unwrap();
    }
}

async fn keeps_a_stream_of_many_parts(house: House) {
    let chunk = bytes::Bytes::from(vec![7_u8; 1_000_000]);
    let parts = stream::iter((0..13).map(|_| Ok::<_, Infallible>(chunk.clone())));
    let stored = house.app.store.blobs().put_stream(parts, u64::MAX).await.unwrap();
    let content = house.app.store.blobs().get(&stored.sha256).await.unwrap();
    assert_eq!((stored.size_bytes, content.len()), (13_000_000, 13_000_000));
}

async fn leaves_nothing_of_what_was_too_long_or_broke_off(house: House) {
    let blobs = house.app.store.blobs();
    let long = stream::iter(["ab", "cd"].map(|part| Ok::<_, Infallible>(part.into())));
    assert!(matches!(
        blobs.put_stream(long, 3).await,
        Err(Error::TooLong { limit_bytes: 3 })
    ));
    let broken = stream::iter([Ok("ab".into()), Err("the line fell")]);
    assert!(matches!(
        blobs.put_stream(broken, 3).await,
        Err(Error::BrokenOff(_))
    ));
    assert_eq!(files(&house), 0);
}

async fn notices_damage(house: House) {
    let blobs = house.app.store.blobs();
    blobs.put("abc").await.unwrap();
    let path = house.files().join("sha256/ba/78").join(ABC);
    std::fs::write(path, "abd").unwrap();
    assert!(matches!(
        blobs.get(&Sha256(ABC.into())).await,
        Err(Error::Damaged(_))
    ));
    assert!(matches!(
        blobs.get(&Sha256("00".into())).await,
        Err(Error::Store(_))
    ));
}

async fn can_be_tried_out(house: House) {
    house.app.store.blobs().try_out().await.unwrap();
    assert_eq!(files(&house), 0);
}
