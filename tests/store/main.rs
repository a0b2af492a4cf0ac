//! The store's story, the same on SQLite and on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

/// Writes each story once and runs it on both databases.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(crate::House::on_sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(crate::House::on_postgres().await).await;
            })+
        }
    };
}

/// Writes each story once and runs it with the files in a folder and in an object store.
macro_rules! on_both_stores_of_files {
    ($($story:ident),+ $(,)?) => {
        mod folder {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(crate::House::on_sqlite().await).await;
            })+
        }
        mod object_store {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(crate::House::with_object_store().await).await;
            })+
        }
    };
}

mod archive;
mod audit;
mod away;
mod blobs;
mod index;
mod jobs;
mod rows;

use std::path::PathBuf;

use hoian_server::app::App;
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use hoian_tests::object_store::ObjectStore;
use hoian_tests::postgres::Postgres;
use hoian_tests::server::config;
use tempfile::TempDir;

/// The parts of the program over one of the databases, without a port.
struct House {
    app: App,
    url: String,
    folder: TempDir,
    objects: Option<ObjectStore>,
    _postgres: Option<Postgres>,
}

impl House {
    async fn on_sqlite() -> Self {
        Self::open(|_| {}).await
    }

    async fn on_postgres() -> Self {
        let postgres = Postgres::start().await.expect("PostgreSQL is installed");
        let url = postgres.url();
        let house = Self::open(|config| config.database.url = Some(url)).await;
        Self {
            _postgres: Some(postgres),
            ..house
        }
    }

    async fn with_object_store() -> Self {
        let objects = ObjectStore::start();
        let house = Self::open(|config| objects.configure(config)).await;
        Self {
            objects: Some(objects),
            ..house
        }
    }

    async fn open(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let url = config.database_url();
        let app = App::open(config, Clock::manual(Clock::system().now()))
            .await
            .unwrap();
        Self {
            app,
            url,
            folder,
            objects: None,
            _postgres: None,
        }
    }

    /// Where the files are in the end.
    fn files(&self) -> PathBuf {
        let folder = || self.folder.path().join("blobs");
        self.objects.as_ref().map_or_else(folder, ObjectStore::files)
    }
}
