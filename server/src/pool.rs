//! Work that keeps a core for long: a few threads at a time, which yield to whoever serves calls and pages.
//!
//! Each piece of work has a thread of its own, since a thread may lower its priority and not raise it again: on one that is
//! shared, whatever comes after it would be slow as well. Starting one costs a thousandth of the shortest work here.

use std::sync::Arc;
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use crate::scheduling;

/// Runs heavy work, only so much at a time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool {
    name: &'static str,
    turns: Arc<Semaphore>,
}

/// The work ended in a panic, which is a bug, or the system has no thread for it; the process lives on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the work was not done")]
pub struct Undone;

impl Pool {
    /// A pool of `threads` at a time, which the system shows by this name (15 bytes are kept).
    pub fn new(name: &'static str, threads: usize) -> Self {
        Self {
            name,
            turns: Arc::new(Semaphore::new(threads)),
        }
    }

    /// Runs `work` when its turn has come. Who gives up before has taken no turn; who gives up later leaves the work to end
    /// in its turn, so that waiting people cannot multiply it.
    ///
    /// # Errors
    /// [`Undone`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Undone)?;
        let (tell, told) = oneshot::channel();
        let work = move || {
            let _turn = turn;
            scheduling::stand_back();
            // Whoever asked may have gone.
            drop(tell.send(work()));
        };
        let thread = thread::Builder::new().name(self.name.to_owned()).spawn(work);
        thread.map_err(|_| Undone)?;
        told.await.map_err(|_| Undone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> libc::c_int {
        // SAFETY: the call takes a number; 0 is the calling thread.
        unsafe { libc::sched_getscheduler(0) }
    }

    #[tokio::test]
    async fn works_behind_others_and_sets_no_other_back() {
        let before = policy();
        let pool = Pool::new("test", 1);
        assert_eq!(pool.run(policy).await.unwrap(), libc::SCHED_BATCH);
        assert_eq!(policy(), before);
    }

    #[tokio::test]
    async fn a_panic_ends_no_more_than_the_work() {
        let pool = Pool::new("test", 1);
        assert!(pool.run(|| panic!("a bug")).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_gives_up_keeps_the_turn_until_the_work_ends() {
        let pool = Pool::new("test", 1);
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let mut first = Box::pin(pool.run(move || gone.recv()));
        assert!(futures::poll!(&mut first).is_pending());
        drop(first);
        assert_eq!(pool.turns.available_permits(), 0);
        go.send(()).unwrap();
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
