//! Layers: which one a viewer gets, and that no change of layer can be seen.

use std::time::Duration;

use hoian_server::media::Event;
use hoian_tests::link::Quality;
use proptest::prelude::*;

use crate::studio::{FRAME, Picture, Studio};

const SECOND: Duration = Duration::from_secs(1);

/// What a decoder and a jitter buffer demand of the pictures of one slot.
fn assert_continuous(pictures: &[Picture]) {
    for pair in pictures.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        assert_eq!(
            after.id,
            before.id.wrapping_add(1) & 0x7fff,
            "picture ids rise by one: {before:?} {after:?}"
        );
        let ticks = after.timestamp.wrapping_sub(before.timestamp) as i32;
        assert!(
            (1..=90_000 / 5).contains(&ticks),
            "time-stamps go on at the pace of the pictures: {ticks} between {before:?} and {after:?}"
        );
    }
}

#[test]
fn the_size_of_the_slot_chooses_the_layer_without_a_visible_break() {
    let mut studio = Studio::new(Quality::default(), 1);
    studio.run(4 * SECOND);
    assert_eq!(
        studio.width(),
        Some(1280),
        "a slot of unknown size gets the largest"
    );
    for (width, height, expected) in [
        (320, 180, 320),
        (640, 360, 640),
        (1280, 720, 1280),
        (200, 112, 320),
    ] {
        studio.view(width, height);
        studio.run(2 * SECOND);
        assert_eq!(studio.width(), Some(expected), "{width} by {height}");
    }
    let pictures = &studio.pictures;
    assert_continuous(pictures);
    let longest = pictures
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .max()
        .unwrap();
    assert!(longest <= 3 * FRAME, "no picture is held back: {longest:?}");
    let received: Vec<u64> = studio.received.keys().copied().collect();
    assert!(
        received.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "sequence numbers have no gap"
    );
}

#[test]
fn a_slot_that_is_not_shown_gets_nothing_and_comes_back_with_a_key_frame() {
    let mut studio = Studio::new(Quality::default(), 2);
    studio.run(2 * SECOND);
    studio.view(0, 0);
    studio.run(Duration::from_millis(200));
    let before = studio.pictures.len();
    studio.run(2 * SECOND);
    assert_eq!(studio.pictures.len(), before);
    studio.view(640, 360);
    studio.run(2 * SECOND);
    assert!(studio.pictures.len() > before + 20);
    assert!(studio.pictures[before].is_key);
}

#[test]
fn a_publisher_is_told_which_layers_nobody_watches() {
    let mut studio = Studio::new(Quality::default(), 3);
    studio.run(2 * SECOND);
    studio.view(320, 180);
    studio.run(2 * SECOND);
    assert!(studio.layers[2].active, "somebody may turn back at once");
    studio.run(3 * SECOND);
    assert_eq!(studio.active_layers(), [true, false, false]);
    let told = studio
        .events
        .iter()
        .filter(|event| matches!(event, Event::Layers { .. }));
    assert_eq!(told.count(), 1);
    studio.view(1280, 720);
    studio.run(SECOND);
    assert_eq!(studio.active_layers(), [true; 3], "more is asked for at once");
    assert_eq!(studio.width(), Some(1280));
    assert_continuous(&studio.pictures);
}

#[test]
fn a_layer_that_ends_is_replaced_by_the_next_smaller_one() {
    let mut studio = Studio::new(Quality::default(), 4);
    studio.run(3 * SECOND);
    studio.layers[2].active = false;
    studio.run(3 * SECOND);
    assert_eq!(studio.width(), Some(640));
    studio.layers[2].key_frame_again();
    studio.run(3 * SECOND);
    assert_eq!(studio.width(), Some(1280));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Loss, reordering and duplicates on either side: what reaches the decoder is continuous once repaired,
    /// and key frames are not asked for like a storm.
    #[test]
    fn switches_stay_continuous_over_a_line_that_loses(
        seed in 0u64..1_000,
        loss in 0.0f64..0.08,
        sizes in proptest::collection::vec((100u16..1400, 1u64..3_000), 2..5),
    ) {
        let quality = Quality {
            loss,
            reordered: 0.01,
            duplicated: 0.01,
            delay: Duration::from_millis(20),
            ..Quality::default()
        };
        let mut studio = Studio::new(quality, seed);
        studio.publisher_loss = 0.0;
        for (width, wait) in sizes {
            studio.view(width, width / 16 * 9);
            studio.run(Duration::from_millis(wait));
        }
        studio.run(SECOND);
        // What comes late is sorted in by the jitter buffer; what never came shows as a hole in the numbers.
        let mut pictures = studio.pictures.clone();
        let before_the_first = pictures[0].id.wrapping_sub(500);
        pictures.sort_by_key(|picture| picture.id.wrapping_sub(before_the_first) & 0x7fff);
        for pair in pictures.windows(2) {
            let ticks = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32;
            let steps = i32::from(pair[1].id.wrapping_sub(pair[0].id) & 0x7fff);
            prop_assert!(steps >= 1 && ticks > 0, "{:?} {:?}", pair[0], pair[1]);
            prop_assert!(ticks <= steps * 18_000, "{:?} {:?}", pair[0], pair[1]);
        }
        let seconds = studio.pictures.last().unwrap().at - studio.pictures[0].at;
        // One a layer each half second is the throttle.
        prop_assert!(f64::from(studio.requests) <= 6.0 + 6.0 * seconds.as_secs_f64(), "{} requests", studio.requests);
    }
}
