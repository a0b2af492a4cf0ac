//! What the load client asks of an SFU, whichever it is.

use std::path::PathBuf;
use std::process::Child;

use anyhow::Result;

/// An SFU in a process of its own, pinned to the first core, with one room.
pub trait Sfu {
    /// Takes the publisher's offer; gives the answer.
    ///
    /// # Errors
    /// It refuses, or has ended.
    fn publish(&mut self, offer: &str) -> Result<String>;
    /// Lets another viewer in; gives its offer.
    ///
    /// # Errors
    /// As [`Sfu::publish`].
    fn view(&mut self) -> Result<String>;
    /// Takes the answer of the viewer that came last.
    ///
    /// # Errors
    /// As [`Sfu::publish`].
    fn accept(&mut self, answer: &str) -> Result<()>;
    /// # Errors
    /// As [`Sfu::publish`].
    fn figures(&mut self) -> Result<Figures>;
}

/// What an SFU has done since its start.
#[derive(Default, Clone, Copy)]
pub struct Figures {
    /// Packets sent to viewers, repetitions and probes among them; `None` where it does not tell.
    pub sent: Option<f64>,
    /// Packets held back for viewers whose lines were slower.
    pub held_back: f64,
    pub cpu_ns: f64,
    pub memory_bytes: f64,
}

/// A process of another SFU, ended when dropped.
pub struct Process(pub Child);

impl Process {
    /// Its CPU time over all threads, and its resident memory.
    ///
    /// # Errors
    /// It has ended.
    pub fn figures(&self) -> Result<Figures> {
        let folder = PathBuf::from(format!("/proc/{}", self.0.id()));
        let mut cpu_ns = 0.0;
        for task in std::fs::read_dir(folder.join("task"))? {
            // A thread may end between the two reads.
            let schedule = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            cpu_ns += schedule
                .split(' ')
                .next()
                .and_then(|word| word.parse::<f64>().ok())
                .unwrap_or(0.0);
        }
        Ok(Figures {
            sent: None,
            held_back: 0.0,
            cpu_ns,
            memory_bytes: resident_bytes(&folder.join("status"))?,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `VmRSS` of a process (proc(5)).
///
/// # Errors
/// There is no such process.
pub fn resident_bytes(status: &std::path::Path) -> Result<f64> {
    let status = std::fs::read_to_string(status)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    Ok(kilobytes.unwrap_or(0.0) * 1024.0)
}
