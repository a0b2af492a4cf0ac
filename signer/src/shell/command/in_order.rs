//! Work on many items with all cores, handed on in the order of the items.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Calls `work` for each item on as many threads as there are cores, and `take` with each result in the order of `items`.
pub(super) fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R),
) {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(items.len());
    if threads <= 1 {
        items.iter().for_each(|item| take(item, work(item)));
        return;
    }
    // A handful at a time, so that the thread that prints is woken less often than the others finish.
    let handful = (items.len() / (threads * 8)).clamp(1, 16);
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::sync_channel(READY_RESULTS);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(handful, Ordering::Relaxed);
                    let taken = items.get(at..).unwrap_or_default();
                    let done: Vec<R> = taken.iter().take(handful).map(work).collect();
                    if done.is_empty() || sender.send((at, done)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (at, done) in results {
            early.insert(at, done);
            while let Some(done) = early.remove(&wanted) {
                for result in done {
                    take(&items[wanted], result);
                    wanted += 1;
                }
            }
        }
    });
}

/// Handfuls that may wait for the thread that prints.
const READY_RESULTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_whoever_finishes_first() {
        let items: Vec<usize> = (0..1000).collect();
        let mut seen = Vec::new();
        in_order(
            &items,
            |item| (0..(item * 7919) % 5000).fold(*item, |sum, one| std::hint::black_box(sum ^ one ^ one)),
            |item, result| seen.push((*item, result)),
        );
        assert_eq!(seen, items.iter().map(|item| (*item, *item)).collect::<Vec<_>>());
    }

    #[test]
    fn takes_nothing_and_one() {
        in_order(&[] as &[u8], |_| (), |_, ()| panic!("nothing to take"));
        let mut taken = 0;
        in_order(&[3], |item| item * 2, |_, result| taken = result);
        assert_eq!(taken, 6);
    }
}
