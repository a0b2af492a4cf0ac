//! Connections: SQLite in the one mode in which it never loses a committed change, PostgreSQL as it comes.

use std::time::Duration;

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use tracing::log::LevelFilter;

use super::Error;

/// Connections that read at the same time. WAL lets them read while the one writer writes.
const READERS: u32 = 8;
/// Connections to PostgreSQL that write at the same time.
const POSTGRES_WRITERS: u32 = 8;
/// How long a change waits for its turn before it fails. Longer than any transaction may take.
const ACQUIRE: Duration = Duration::from_secs(30);

/// Opens the reading and the writing side of the database at `url`.
pub(super) async fn connect(url: &str) -> Result<(DatabaseConnection, DatabaseConnection), Error> {
    if url.starts_with("sqlite:") {
        let options = sqlite_options(url)?;
        // The writer first: it makes the file and turns on WAL.
        let writer = sqlite(options.clone(), 1).await?;
        let reader = sqlite(options.pragma("query_only", "ON"), READERS).await?;
        Ok((reader, writer))
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let writer = postgres(url, POSTGRES_WRITERS, false).await?;
        let reader = postgres(url, READERS, true).await?;
        Ok((reader, writer))
    } else {
        Err(Error::Unsupported)
    }
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, Error> {
    let options: SqliteConnectOptions = url.parse().map_err(|_| Error::Unsupported)?;
    if let Some(folder) = options.get_filename().parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode NORMAL may lose the last commits when the power fails; a signature given must not vanish.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE)
        .disable_statement_logging())
}

async fn sqlite(options: SqliteConnectOptions, connections: u32) -> Result<DatabaseConnection, Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE);
    let pool: SqlitePool = pool
        .connect_with(options)
        .await
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(pool.into())
}

async fn postgres(url: &str, connections: u32, read_only: bool) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .sqlx_logging_level(LevelFilter::Trace);
    if read_only {
        options.map_sqlx_postgres_opts(|options| options.options([("default_transaction_read_only", "on")]));
    }
    Database::connect(options).await
}
