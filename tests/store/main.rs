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

mod archive;
mod audit;
mod blobs;
mod jobs;
mod rows;

use hoian_server::app::App;
use hoian_server::clock::Clock;
use hoian_tests::postgres::Postgres;
use hoian_tests::server::config;
use tempfile::TempDir;

/// The parts of the program over one of the databases, without a port.
struct House {
    app: App,
    url: String,
    folder: TempDir,
    _postgres: Option<Postgres>,
}

impl House {
    async fn on_sqlite() -> Self {
        Self::open(None).await
    }

    async fn on_postgres() -> Self {
        let postgres = Postgres::start().await.expect("PostgreSQL is installed");
        Self::open(Some(postgres)).await
    }

    async fn open(postgres: Option<Postgres>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        config.database.url = postgres.as_ref().map(Postgres::url);
        let url = config.database_url();
        let app = App::open(config, Clock::manual(Clock::system().now()))
            .await
            .unwrap();
        Self {
            app,
            url,
            folder,
            _postgres: postgres,
        }
    }
}
