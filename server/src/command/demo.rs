//! `hoian demo`: the demo province on this machine.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use tokio::net::TcpListener;

use super::serve::{StopSignals, claim};
use hoian_server::accounts;
use hoian_server::app::{self, App};
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use hoian_server::demo::{self, Passwords};

/// Options of `hoian demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// Also listen for other machines: over TLS by a certificate made at each start, and under new passwords.
    #[arg(long)]
    lan: bool,
    #[command(subcommand)]
    command: Option<DemoCommand>,
}

#[derive(Subcommand)]
enum DemoCommand {
    /// Print the current one-time code of a user of the demo.
    Code { user_name: String },
}

impl Demo {
    pub(super) async fn run(self, mut config: Config) -> anyhow::Result<ExitCode> {
        if config.data_folder == Config::default().data_folder {
            config.data_folder = PathBuf::from("data/demo");
        }
        match self.command {
            Some(DemoCommand::Code { user_name }) => print_code(config, &user_name).await,
            None => serve(config, self.lan).await,
        }
    }
}

async fn print_code(config: Config, user_name: &str) -> anyhow::Result<ExitCode> {
    let app = App::open(config, Clock::system()).await?;
    claim(&app, "demo").await?;
    println!("{}", accounts::current_code(&app, user_name).await?);
    Ok(ExitCode::SUCCESS)
}

async fn serve(mut config: Config, lan: bool) -> anyhow::Result<ExitCode> {
    let host = if lan {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    config.http.address.set_ip(IpAddr::V4(host));
    let signals = StopSignals::hear()?;
    let clock = Clock::system();
    // Other machines are answered over TLS; the training PKI is asked by this program alone, in the clear.
    let apart = match lan {
        true => Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
        false => None,
    };
    let address = apart.as_ref().map(TcpListener::local_addr).transpose()?;
    let base_url = demo::settle(&mut config, address)?;
    let lan = lan.then(|| demo::certify(&mut config, &clock)).transpose()?;
    let mut app = App::open(config, clock).await?;
    claim(&app, "demo").await?;
    let passwords = match lan {
        Some(_) => Passwords::Renew,
        None => Passwords::Keep,
    };
    let demo = demo::prepare(&app, &base_url, passwords).await?;
    if app.config.report.key.is_none() {
        app.custody = app.custody.clone().with_report_seal(demo.report_seal(&app)?);
    }
    if let Some(apart) = apart {
        let services = demo.services();
        tokio::spawn(async move { axum::serve(apart, services).await });
    }
    let origin = app.config.origin();
    let running = app::start_beside(app, demo.services()).await?;
    let command = std::env::args().next().unwrap_or_else(|| "hoian".to_owned());
    println!("{}", demo.announcement(&origin, &command));
    if let Some(lan) = lan {
        println!("{}", lan.announcement());
    }
    Ok(signals.serve(running).await)
}
