//! The program as a child process, and what the system says it has cost.

use std::path::Path;

use anyhow::{Context, Result};
use hoian_benches::child;
use hoian_tests::binary::{self, Process};
use hoian_tests::signing::TrainingAuthority;

pub struct Program {
    process: Process,
    http: reqwest::Client,
}

impl Program {
    /// Serves the data in `folder`.
    pub async fn start(folder: &Path, authority: &TrainingAuthority) -> Result<Program> {
        let mut command = binary::command_of(&child::beside("hoian")?, folder, &["serve"]);
        let host = authority.base_url.replace("http://", "");
        command
            .env("HOIAN_MEDIA__ADDRESSES", "['127.0.0.1']")
            .env(
                "HOIAN_SIGNING__TSA_URL",
                format!("{}/pki/tsa", authority.base_url),
            )
            .env("HOIAN_SIGNING__ALLOWED_HOSTS", format!("['{host}']"))
            .env("HOIAN_HTTP__METRICS_TOKEN", TOKEN)
            .env("HOIAN_LOG__FILTER", "warn,hoian_server::app=info");
        Ok(Program {
            process: Process::start(command).await,
            http: hoian_tests::tls::http().build()?,
        })
    }

    pub fn origin(&self) -> &str {
        &self.process.origin
    }

    /// Datagrams of media that it has sent.
    pub async fn packets_sent(&self) -> Result<f64> {
        let request = self.http.get(format!("{}/metrics", self.origin()));
        let text = request
            .bearer_auth(TOKEN)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?;
        ["forwarded", "retransmitted", "probe"]
            .iter()
            .map(|name| {
                let name = format!("hoian_media_{name}_packets_total ");
                let value = text.lines().find_map(|line| line.strip_prefix(&*name));
                Ok(value.context(name.clone())?.parse::<f64>()?)
            })
            .sum()
    }

    /// Seconds that it was on a core, by itself and in the kernel.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.of_system("stat")?;
        // The name before may hold blanks; its bracket ends it (proc(5)).
        let (_, fields) = stat.rsplit_once(')').context("a name")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        // SAFETY: the call takes a number and gives one.
        Ok(ticks / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64)
    }

    /// The most memory that it held so far, in megabytes (2^20).
    pub fn peak_megabytes(&self) -> Result<f64> {
        let status = self.of_system("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.context("VmHWM")?.parse::<f64>()? / 1024.0)
    }

    fn of_system(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(format!(
            "/proc/{}/{name}",
            self.process.id()
        ))?)
    }
}

/// Lets this process, and what it starts, hold a connection for each person.
pub fn raise_open_files() -> Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a live rlimit.
    let failed = unsafe {
        let read = libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        read | libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit)
    };
    anyhow::ensure!(failed == 0, "the limit of open files");
    Ok(())
}

const TOKEN: &str = "the-benchmark-reads-it";
