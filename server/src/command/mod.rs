//! The commands of the program: serve, demo, admin, doctor.

mod admin;
mod api_key;
mod demo;
mod doctor;
mod hsm;
mod keep;
mod serve;
mod tell;
mod trust;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use hoian_server::config::{Config, LogFormat};

/// Meetings and signed documents of a province.
#[derive(Parser)]
#[command(name = "hoian", version, about)]
struct Arguments {
    /// The settings, in TOML. Every key can also be given as HOIAN_<SECTION>__<KEY>.
    #[arg(long, global = true, env = "HOIAN_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a real agency's data.
    Serve,
    /// Serve the demo province, making it on the first start.
    Demo(demo::Demo),
    /// Add agencies, people, keys and trusted certificates to the data of `hoian serve`.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Check the program and its data.
    #[command(subcommand)]
    Doctor(doctor::Doctor),
}

/// Reads the command line, runs the command, and says in one sentence what went wrong.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(execute(arguments)));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hoian: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(arguments.config.as_deref(), std::env::vars())?;
    // What these print is their answer; the usual log of what goes on below would hide it.
    let answers = matches!(arguments.command, Command::Admin(_) | Command::Doctor(_));
    if answers && config.log.filter == Config::default().log.filter {
        config.log.filter = "error".to_owned();
    }
    log_to_stderr(&config)?;
    match arguments.command {
        Command::Serve => serve::run(config).await,
        Command::Demo(demo) => demo.run(config).await,
        Command::Admin(admin) => admin.run(config).await,
        Command::Doctor(doctor) => doctor.run(config).await,
    }
}

/// Whatever the settings say: below that these write what passes on their lines, with tokens and passwords.
const NEVER_BELOW: [&str; 4] = [
    "tungstenite=info",
    "tokio_tungstenite=info",
    "h2=info",
    "ldap3=info",
];

/// Logs go to standard error, so that a command's answer on standard output can be read by a script.
fn log_to_stderr(config: &Config) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(&config.log.filter).context("log.filter is malformed")?;
    for directive in NEVER_BELOW {
        filter = filter.add_directive(directive.parse()?);
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let result = match config.log.format {
        LogFormat::Text => subscriber.with_target(false).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    result.map_err(|error| anyhow::anyhow!("cannot log: {error}"))
}
