//! The estimate follows the line, and what is sent follows the estimate.

use std::time::Duration;

use hoian_tests::link::Quality;

use crate::allocations;
use crate::encoder::Layer;
use crate::studio::Studio;

const SECOND: Duration = Duration::from_secs(1);

fn line(kilobits: u64, delay_ms: u64, loss: f64) -> Quality {
    Quality {
        bits_per_second: kilobits * 1_000,
        delay: Duration::from_millis(delay_ms),
        loss,
        ..Quality::default()
    }
}

/// A line that carries less than the largest layer is measured; one that carries more need not be.
#[test]
fn the_estimate_comes_within_fifteen_percent_of_the_line() {
    for (kilobits, delay_ms, loss, width) in [
        (400, 30, 0.0, 320),
        (1_000, 10, 0.0, 640),
        (1_000, 100, 0.01, 640),
        (1_500, 200, 0.0, 640),
    ] {
        let mut studio = Studio::new(line(kilobits, delay_ms, loss), kilobits + delay_ms);
        studio.run(20 * SECOND);
        let mut sum = 0;
        for _ in 0..10 {
            studio.run(SECOND);
            sum += studio.estimate() / 10;
        }
        let link = kilobits * 1_000;
        assert!(
            sum.abs_diff(link) * 100 <= link * 15,
            "{kilobits} kbit/s, {delay_ms} ms: {sum} bit/s on average"
        );
        assert_eq!(studio.width(), Some(width), "{kilobits} kbit/s");
    }
}

#[test]
fn a_wide_line_carries_the_largest_layer_within_two_seconds() {
    let mut studio = Studio::new(line(10_000, 20, 0.0), 5);
    studio.run(2 * SECOND);
    assert_eq!(studio.width(), Some(1280));
    assert!(studio.estimate() > 1_700_000, "{}", studio.estimate());
    assert_eq!(studio.down.dropped, 0);
}

#[test]
fn a_drop_of_the_line_is_yielded_to_within_two_seconds_and_a_rise_is_found() {
    let mut studio = Studio::new(line(4_000, 25, 0.0), 6);
    studio.run(8 * SECOND);
    assert_eq!(studio.width(), Some(1280));
    studio.down.quality.bits_per_second = 600_000;
    studio.run(2 * SECOND);
    assert!(
        studio.estimate() <= 690_000,
        "{} after two seconds",
        studio.estimate()
    );
    let dropped = studio.down.dropped;
    let sent = studio.measured(4 * SECOND);
    assert!(sent <= 600_000, "{sent} bit/s");
    assert!(
        studio.down.dropped - dropped < 40,
        "the queue no longer overflows"
    );
    studio.down.quality.bits_per_second = 4_000_000;
    studio.run(12 * SECOND);
    assert_eq!(studio.width(), Some(1280), "estimate {}", studio.estimate());
}

/// Most of such a stream's packets are of layers that the viewer is not sent, so that nothing of theirs can probe the line.
#[test]
fn a_rise_of_the_line_is_found_by_a_viewer_of_the_lowest_layer_within_a_stream() {
    let mut studio = Studio::with(Layer::scalable(), line(4_000, 25, 0.0), 11);
    studio.run(8 * SECOND);
    assert_eq!(studio.camera().unwrap().layer, Some(2));
    studio.down.quality.bits_per_second = 300_000;
    studio.run(8 * SECOND);
    assert_eq!(studio.camera().unwrap().layer, Some(0));
    studio.down.quality.bits_per_second = 4_000_000;
    studio.run(12 * SECOND);
    let (layer, estimate) = (studio.camera().unwrap().layer, studio.estimate());
    assert_eq!(layer, Some(2), "estimate {estimate}");
}

#[test]
fn loss_alone_lowers_the_estimate_only_when_it_is_heavy() {
    let light = {
        let mut studio = Studio::new(line(5_000, 20, 0.03), 7);
        studio.run(10 * SECOND);
        studio.estimate()
    };
    let heavy = {
        let mut studio = Studio::new(line(5_000, 20, 0.25), 7);
        studio.run(10 * SECOND);
        studio.estimate()
    };
    assert!(light > 1_700_000 && heavy < 1_000_000, "{light} {heavy}");
}

/// A key frame of the largest layer is some thirty packets; they leave spread out, and the line's short
/// queue takes them.
#[test]
fn bursts_are_paced_so_that_a_short_queue_holds_them() {
    let quality = Quality {
        queue: Duration::from_millis(60),
        ..line(3_500, 20, 0.0)
    };
    let mut studio = Studio::new(quality, 8);
    studio.run(6 * SECOND);
    let dropped = studio.down.dropped;
    for _ in 0..10 {
        studio.layers[2].key_frame_again();
        studio.run(SECOND);
    }
    assert_eq!(studio.down.dropped, dropped);
    assert_eq!(studio.width(), Some(1280));
}

/// With arrival reports, numbering and pacing on.
#[test]
fn forwarding_to_a_viewer_who_reports_arrivals_allocates_nothing() {
    let mut studio = Studio::new(line(20_000, 5, 0.0), 9);
    studio.run(5 * SECOND);
    let before = studio.world.sfu.stats().forwarded_packets;
    let datagrams: Vec<(Duration, Vec<u8>)> = studio.sealed_pictures(1_000);
    let (address, world) = (studio.publisher.address, &mut studio.world);
    let began = world.now;
    let allocated = allocations::during(|| {
        for (at, datagram) in &datagrams {
            world.now = began + *at;
            world.pass(address, datagram);
        }
    });
    assert!(studio.world.sfu.stats().forwarded_packets - before > 5_000);
    assert_eq!(allocated, 0);
}

/// Chromium drops a report that names a stream which is not its own.
#[test]
fn a_publisher_is_told_of_arrivals_under_one_of_his_own_streams() {
    let mut studio = Studio::new(line(5_000, 5, 0.0), 10);
    studio.run(2 * SECOND);
    let (own, others) = studio.arrival_reports;
    assert!(own >= 30 && others == 0, "{own} {others}");
}
