//! `hoian serve`, and what it shares with the demo: run until a signal, then drain.

use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

use hoian_server::app::{self, App, Running};
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use hoian_server::store::setting;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let signals = StopSignals::hear()?;
    let app = App::open(config, Clock::system()).await?;
    claim(&app, "serve").await?;
    let running = app::start(app).await?;
    Ok(signals.serve(running).await)
}

/// Marks the database as made by `command`, or refuses it where the other one made it: the demo's passwords are printed
/// for everybody, so its data never become an agency's, nor the other way round.
pub(super) async fn claim(app: &App, command: &str) -> anyhow::Result<()> {
    match setting::read(app.store.read(), setting::MADE_BY)
        .await?
        .as_deref()
    {
        None => Ok(app
            .store
            .write(async |tx| setting::write(tx, setting::MADE_BY, command).await)
            .await?),
        Some(made_by) if made_by == command => Ok(()),
        Some(made_by) => bail!(
            "the database at {} was made by `hoian {made_by}` and is not used by `hoian {command}`; \
             name another data_folder",
            app.config.data_folder.display()
        ),
    }
}

/// SIGTERM, SIGINT and SIGHUP, heard from now on. To be made before the program answers: a signal in between would end it at once,
/// and whoever is being answered with it.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl StopSignals {
    pub(super) fn hear() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for signals")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for signals")?,
            hang_up: signal(SignalKind::hangup()).context("cannot listen for signals")?,
        })
    }

    /// Serves until one of the first two comes, then drains. The third has the certificate of TLS read again.
    pub(super) async fn serve(mut self, running: Running) -> ExitCode {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hang_up.recv() => match running.read_again() {
                    Ok(()) => info!("the certificate was read again"),
                    Err(error) => error!(%error, "the certificate before is kept"),
                },
            }
        }
        info!("stopping: requests under way are finished first");
        running.stop().await;
        ExitCode::SUCCESS
    }
}
