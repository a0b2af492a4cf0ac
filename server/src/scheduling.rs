//! How the system shares cores between what must be prompt and what may wait (sched(7)).

use std::io;

/// Lets the calling thread have a core as soon as it has something to do: its slices are short (`sched_runtime` of
/// sched_setattr(2); Linux 6.12, before that nothing changes), and where the system allows it (`LimitNICE=`) it goes ahead of
/// whoever serves pages.
pub fn be_prompt() {
    // Refused, the thread works all the same.
    let _ = renice(PROMPT_NICE);
    let _ = change(|attributes| attributes.sched_runtime = PROMPT_NS);
}

/// Lets the calling thread yield to whoever serves calls and pages; where the system refuses, it works all the same.
pub fn stand_back() {
    let _ = renice(NICE);
    let _ = change(|attributes| attributes.sched_policy = libc::SCHED_BATCH as u32);
}

/// Sets how far the calling thread stands back, or with a negative number goes ahead (nice(2)).
///
/// # Errors
/// The system does not let it go ahead.
pub fn renice(nice: i32) -> io::Result<()> {
    // SAFETY: the call takes three numbers; 0 is the calling thread (setpriority(2), "C library/kernel differences").
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn change(change: impl FnOnce(&mut libc::sched_attr)) -> io::Result<()> {
    let mut attributes = attributes()?;
    change(&mut attributes);
    // SAFETY: the pointer is to a live structure that says its size; 0 is the calling thread.
    let failed = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw mut attributes, 0) };
    if failed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Of the calling thread.
fn attributes() -> io::Result<libc::sched_attr> {
    // SAFETY: a structure of integers may be zero; the pointer is to a live one of the size that is said.
    unsafe {
        let mut attributes: libc::sched_attr = std::mem::zeroed();
        let size = size_of::<libc::sched_attr>() as libc::c_uint;
        match libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) {
            0 => Ok(attributes),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A fifth of what others have; shorter, and being let in and put out again would cost more than it gives.
const PROMPT_NS: u64 = 500_000;
/// Beside one that serves pages it gets nine tenths of a core, if ever it has need of so much (nice(2)).
const PROMPT_NICE: i32 = -10;
/// How far heavy work stands back (nice(2)): beside one that wants the core as well it gets about a quarter of it. Much less,
/// and a busy house would let nobody log in.
const NICE: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_the_calling_thread_alone() {
        let before = attributes().unwrap();
        let (prompt, heavy) = std::thread::spawn(|| {
            be_prompt();
            let prompt = attributes().unwrap();
            stand_back();
            (prompt, attributes().unwrap())
        })
        .join()
        .unwrap();
        // Zero where the system has no slices of one's own.
        assert!([0, PROMPT_NS].contains(&prompt.sched_runtime));
        assert!([before.sched_nice, PROMPT_NICE].contains(&prompt.sched_nice));
        assert_eq!(
            (heavy.sched_policy, heavy.sched_nice),
            (libc::SCHED_BATCH as u32, NICE)
        );
        let after = attributes().unwrap();
        assert_eq!(
            (after.sched_policy, after.sched_nice),
            (before.sched_policy, before.sched_nice)
        );
        assert_eq!(after.sched_runtime, before.sched_runtime);
    }
}
