//! Who is heard and seen where there are more than a viewer can take: the voices that speak, the faces that there is room
//! for, those whom the viewer wants, and nothing but sound where he asks for no more.

use std::time::Duration;

use hoian_server::media::sfu::{MemberKey, Renewal};
use hoian_server::media::{Event, ParticipantId, Source, Watch};
use hoian_tests::link::Quality;
use uuid::Uuid;

use crate::peer::{Peer, World};
use crate::scene::{BOB, Camera, headers, open, publish, spoken};
use crate::studio::Studio;

const SECOND: Duration = Duration::from_secs(1);

/// Many who publish, and one who watches.
struct Hall {
    world: World,
    people: Vec<(ParticipantId, Peer, Camera)>,
    viewer: Peer,
    watching: MemberKey,
    /// Of every microphone.
    index: u64,
}

impl Hall {
    fn of(people: u16, seats: usize) -> Hall {
        let mut world = World::new(11);
        let room = open(&mut world);
        let people = (0..people)
            .map(|at| {
                let id = ParticipantId(Uuid::from_u128(u128::from(at) + 100));
                let member = world.sfu.join(world.now, room, id, &mut world.outbox).unwrap();
                let mut peer = Peer::gcm(5_000 + at);
                publish(&mut world, member, &mut peer).unwrap();
                peer.begin(&mut world);
                peer.run(&mut world);
                (id, peer, Camera::new())
            })
            .collect();
        let watching = world.sfu.join(world.now, room, BOB, &mut world.outbox).unwrap();
        let mut hall = Hall {
            world,
            people,
            viewer: Peer::gcm(4_002),
            watching,
            index: 0,
        };
        hall.offer(seats);
        hall.viewer.begin(&mut hall.world);
        hall.viewer.run(&mut hall.world);
        hall
    }

    fn offer(&mut self, seats: usize) {
        let World { sfu, now, outbox, .. } = &mut self.world;
        let offer = sfu
            .subscribe(*now, self.watching, seats, Renewal::Grow, outbox)
            .unwrap();
        self.viewer.learn(&offer);
        let answer = self.viewer.answer(&offer);
        sfu.accept(*now, self.watching, &answer, outbox).unwrap();
        self.world.collect();
    }

    /// Everyone's next packet of sound, 20 ms; gives how many reached the viewer.
    fn sound(&mut self, speaking: &[usize]) -> usize {
        self.index += 1;
        for at in 0..self.people.len() {
            let level = if speaking.contains(&at) { 25 } else { 110 };
            let sealed = spoken(&self.people[at].1, self.index, level, &[self.index as u8; 60]);
            self.world.deliver(self.people[at].1.address, &sealed);
        }
        self.world.wait(Duration::from_millis(20));
        headers(&self.viewer.run(&mut self.world)).len()
    }

    fn pictures(&mut self) -> usize {
        for (_, peer, camera) in &mut self.people {
            let sealed = camera.next(true).seal(peer);
            self.world.deliver(peer.address, &sealed);
        }
        self.world.wait(Duration::from_millis(33));
        headers(&self.viewer.run(&mut self.world)).len()
    }

    fn shown(&self, source: Source) -> Vec<usize> {
        let site = self.world.sfu.site(self.world.now, self.watching).unwrap();
        let place = |id| self.people.iter().position(|each| each.0 == id).unwrap();
        let shown = site.shown.iter().filter(|each| each.source == source);
        let mut shown: Vec<usize> = shown.map(|each| place(each.participant)).collect();
        shown.sort_unstable();
        shown
    }

    fn watch(&mut self, watch: Watch) -> bool {
        let World { sfu, now, outbox, .. } = &mut self.world;
        let lacks = sfu.watch(*now, self.watching, watch, outbox).unwrap();
        self.world.collect();
        lacks
    }

    fn ids(&self, people: &[usize]) -> Vec<ParticipantId> {
        people.iter().map(|at| self.people[*at].0).collect()
    }
}

#[test]
fn of_sixty_open_microphones_five_are_sent_and_whoever_begins_to_speak() {
    let mut hall = Hall::of(60, 9);
    for _ in 0..5 {
        hall.sound(&[]);
    }
    assert_eq!(hall.sound(&[]), 5, "streams do not grow with the microphones");
    assert_eq!(hall.shown(Source::Microphone), [0, 1, 2, 3, 4]);
    let first_heard = (1..).find(|_| {
        hall.sound(&[57]);
        hall.shown(Source::Microphone).contains(&57)
    });
    assert!(
        first_heard <= Some(6),
        "heard after {first_heard:?} packets of 20 ms"
    );
    // Somebody who goes on speaking is never left out, whoever else begins.
    let crowd: Vec<usize> = (40..58).collect();
    for _ in 0..100 {
        assert_eq!(hall.sound(&crowd), 5);
        assert!(hall.shown(Source::Microphone).contains(&57));
    }
}

#[test]
fn a_viewer_is_sent_as_many_faces_as_there_is_room_for_and_those_who_are_wanted() {
    let mut hall = Hall::of(8, 4);
    hall.pictures();
    hall.pictures();
    assert_eq!(hall.shown(Source::Camera), [0, 1, 2, 3]);
    assert_eq!(hall.pictures(), 4);
    let room = |pictures| Watch {
        pictures: Some(pictures),
        ..Watch::default()
    };
    assert!(!hall.watch(room(2)));
    assert_eq!(hall.shown(Source::Camera), [0, 1]);
    assert_eq!(hall.pictures(), 2);
    let first = hall.ids(&[6]);
    hall.watch(Watch { first, ..room(2) });
    assert_eq!(
        hall.shown(Source::Camera),
        [0, 6],
        "pinned, in place of who said least"
    );
    for _ in 0..100 {
        hall.sound(&[3]);
    }
    assert_eq!(
        hall.shown(Source::Camera),
        [3, 6],
        "who speaks is seen, and the pinned one still"
    );
    hall.watch(room(2));
    for _ in 0..150 {
        hall.sound(&[5]);
    }
    assert_eq!(hall.shown(Source::Camera), [3, 5]);
    assert!(hall.watch(room(6)), "the connection has four seats only");
    hall.offer(6);
    assert_eq!(hall.shown(Source::Camera).len(), 6);
    hall.pictures();
    assert_eq!(hall.pictures(), 6);
}

#[test]
fn whoever_asks_for_sound_alone_is_sent_no_picture_nor_a_repair_of_one_until_he_asks_again() {
    let mut studio = Studio::new(
        Quality {
            bits_per_second: 2_000_000,
            delay: Duration::from_millis(20),
            loss: 0.05,
            ..Quality::default()
        },
        21,
    );
    studio.run(4 * SECOND);
    let watch = |studio: &mut Studio, sound_only| {
        let World { sfu, now, outbox, .. } = &mut studio.world;
        let watch = Watch {
            sound_only,
            ..Watch::default()
        };
        sfu.watch(*now, studio.watching, watch, outbox).unwrap();
        studio.world.collect();
    };
    assert!(studio.measured(SECOND) > 400_000);
    watch(&mut studio, true);
    // What was under way arrives.
    studio.run(Duration::from_millis(200));
    let before = studio.received_bytes;
    studio.run(10 * SECOND);
    assert_eq!(studio.received_bytes, before);
    assert_eq!(
        studio.layers.each_ref().map(|layer| layer.active),
        [true, false, false],
        "nobody has use for more than what shows that it lives"
    );
    let pictures = studio.pictures.len();
    watch(&mut studio, false);
    studio.run(3 * SECOND);
    assert!(studio.pictures.len() > pictures + 20);
    assert!(studio.pictures[pictures].is_key);
}

#[test]
fn a_line_that_carries_no_picture_is_told_of_once_and_so_is_its_return() {
    let mut studio = Studio::new(
        Quality {
            bits_per_second: 90_000,
            delay: Duration::from_millis(40),
            ..Quality::default()
        },
        22,
    );
    studio.run(25 * SECOND);
    let news = |studio: &Studio| -> Vec<bool> {
        let events = studio.events.iter();
        events
            .filter_map(|event| match event {
                Event::ThinLine { viewer: BOB, is_thin } => Some(*is_thin),
                _ => None,
            })
            .collect()
    };
    assert_eq!(news(&studio), [true], "estimate {}", studio.estimate());
    studio.down.quality.bits_per_second = 4_000_000;
    studio.run(40 * SECOND);
    assert_eq!(news(&studio), [true, false], "estimate {}", studio.estimate());
}
