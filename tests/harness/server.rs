//! The program in this process: a folder of its own, ports chosen by the system, a clock that the test moves.

use std::net::Ipv4Addr;
use std::path::Path;

use hoian_server::app::{self, App, Running};
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use tempfile::TempDir;

use crate::people;

/// A running program with two agencies and their people; stops when told, and its folder goes with it.
pub struct Server {
    pub running: Running,
    /// A clock that started at the true time and moves only by [`Clock::advance`].
    pub clock: Clock,
    folder: TempDir,
}

impl Server {
    /// Starts the program on SQLite with the people of [`people`].
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts it with settings that `change` made.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(Clock::system().now());
        let mut config = config(folder.path());
        change(&mut config);
        let app = App::open(config, clock.clone()).await.expect("the program opens");
        people::create(&app).await;
        let running = app::start(app).await.expect("the program starts");
        Self {
            running,
            clock,
            folder,
        }
    }

    /// The parts of the running program.
    pub fn app(&self) -> &App {
        &self.running.app
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The origin that browsers would see.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.http.port())
    }

    /// The full address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Drains, stops, and starts again on the same folder.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same, with settings that `change` made.
    pub async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self {
            running,
            clock,
            folder,
        } = self;
        running.stop().await;
        let mut config = config(folder.path());
        change(&mut config);
        let app = App::open(config, clock.clone())
            .await
            .expect("the program opens again");
        let running = app::start(app).await.expect("the program starts again");
        Self {
            running,
            clock,
            folder,
        }
    }

    /// Drains and stops the program; its folder is returned, to start again on it.
    pub async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.folder
    }
}

/// Settings for a test: everything in `folder`, every port chosen by the system.
pub fn config(folder: &Path) -> Config {
    let mut config = Config {
        data_folder: folder.to_owned(),
        ..Config::default()
    };
    config.http.address = (Ipv4Addr::LOCALHOST, 0).into();
    config.media.udp_port = 0;
    config.media.tcp_port = 0;
    config
}
