//! A peer as a process of its own on the media core, and what the system says of it.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use hoian_benches::child;

use super::Figures;

pub struct Process(Child);

impl Process {
    /// Starts it on the core that our media thread has, with all its threads.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut command: Command) -> Result<Process> {
        use std::os::unix::process::CommandExt as _;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: between fork and exec only one system call is made.
        unsafe { command.pre_exec(|| crate::pin(0, 0).map_err(std::io::Error::other)) };
        Ok(Process(command.spawn().context("it starts")?))
    }

    /// CPU of all its threads so far, and its memory.
    ///
    /// # Errors
    /// It has ended.
    pub fn figures(&self) -> Result<Figures> {
        let process_ns = cpu_ns(self.0.id())?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = memory.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Ok(Figures {
            cpu_ns: process_ns,
            process_ns,
            memory_bytes: kilobytes.unwrap_or(0) * 1024,
            sent: None,
            held_back: 0,
        })
    }
}

/// What all threads of a process have spent.
///
/// # Errors
/// It has ended.
pub fn cpu_ns(process: u32) -> Result<u64> {
    let mut spent_ns = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // One that ended meanwhile has nothing to say.
        spent_ns += child::spent_ns(&thread?.path()).unwrap_or(0);
    }
    Ok(spent_ns)
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
