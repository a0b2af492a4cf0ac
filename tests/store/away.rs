//! An object store that is away, or lets nobody in: it is said, and nothing is taken for missing.

use std::convert::Infallible;

use futures::stream;
use hoian_server::store::blob::{Blobs, Error, Sha256};
use hoian_tests::object_store::ObjectStore;

use crate::House;

async fn everything_fails(blobs: &Blobs, kept: &Sha256) {
    let parts = stream::iter(["x"].map(|part| Ok::<_, Infallible>(part.into())));
    let refused = [
        blobs.put("x").await.err(),
        blobs.put_stream(parts, 3).await.err(),
        blobs.get(kept).await.err(),
        blobs.stream(kept).await.err(),
        blobs.try_out().await.err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(Error::Away(_))), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_is_not_missing_and_comes_back() {
    let mut house = House::with_object_store().await;
    let blobs = house.app.store.blobs().clone();
    let kept = blobs.put("abc").await.unwrap().sha256;
    let objects = house.objects.as_mut().unwrap();
    objects.go_away();
    everything_fails(&blobs, &kept).await;
    objects.come_back();
    assert_eq!(&blobs.get(&kept).await.unwrap()[..], b"abc");
    blobs.try_out().await.unwrap();
    let missing = blobs.get(&Sha256("00".into())).await;
    assert!(matches!(missing, Err(Error::Store(_))), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_let_in_nowhere() {
    let objects = ObjectStore::start();
    let ours = House::open(|config| objects.configure(config)).await;
    let kept = ours.app.store.blobs().put("abc").await.unwrap().sha256;
    let theirs = House::open(|config| {
        objects.configure(config);
        config.s3.secret_access_key = Some("another".to_owned());
    })
    .await;
    everything_fails(theirs.app.store.blobs(), &kept).await;
}
