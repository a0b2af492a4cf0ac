//! Who is heard and seen where there are more than a viewer can take: the voices that speak, the faces that there is room
//! for, those whom the viewer wants, and nothing but sound where he asks for no more.

use std::time::Duration;

use hoian_server::media::sfu::{MemberKey, Renewal};
use hoian_server::media::{Event, ParticipantId, Side, Source, Watch, rtcp};
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
        let mut hall = Hall::before(people);
        hall.offer(seats);
        hall.viewer.begin(&mut hall.world);
        hall.viewer.run(&mut hall.world);
        hall
    }

    /// The viewer is a monitor, which offers what it receives; our answer comes with it.
    fn with_monitor(people: u16) -> (Hall, String) {
        let mut hall = Hall::before(people);
        let World { sfu, now, outbox, .. } = &mut hall.world;
        let offer = hall.viewer.offer_to_watch();
        let answer = sfu.show(*now, hall.watching, &offer, outbox).unwrap();
        hall.world.collect();
        hall.viewer.learn(&answer);
        hall.viewer.begin(&mut hall.world);
        hall.viewer.run(&mut hall.world);
        (hall, answer)
    }

    fn before(people: u16) -> Hall {
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
        Hall {
            world,
            people,
            viewer: Peer::gcm(4_002),
            watching,
            index: 0,
        }
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

/// The payload types of the media that came.
fn payload_types(media: &[Vec<u8>]) -> Vec<u8> {
    let mut types: Vec<u8> = headers(media).iter().map(|header| header.payload_type).collect();
    types.dedup();
    types
}

#[test]
fn a_monitor_is_sent_what_is_on_the_stage_and_who_speaks_by_its_own_numbers() {
    let (mut hall, answer) = Hall::with_monitor(3);
    assert!(answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 63\r\n"), "{answer}");
    // A profile that publishers are not asked for is not taken; the repairs are.
    assert!(
        answer.contains("m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("a=extmap:9 ") && answer.matches("a=sendonly").count() == 2,
        "{answer}"
    );
    assert_eq!(hall.shown(Source::Microphone), [] as [usize; 0]);
    hall.pictures();
    for _ in 0..50 {
        hall.sound(&[1]);
    }
    assert_eq!(
        (hall.shown(Source::Camera), hall.shown(Source::Microphone)),
        (vec![1], vec![1])
    );
    // The picture of the stage stands before who speaks; the voice goes on.
    let first = hall.ids(&[2]);
    hall.watch(Watch {
        pictures: Some(1),
        first,
        ..Watch::default()
    });
    for _ in 0..50 {
        hall.sound(&[0]);
    }
    assert_eq!(
        (hall.shown(Source::Camera), hall.shown(Source::Microphone)),
        (vec![2], vec![0])
    );
    for (_, peer, camera) in &mut hall.people {
        let sealed = camera.next(true).seal(peer);
        hall.world.deliver(peer.address, &sealed);
    }
    let media = hall.viewer.run(&mut hall.world);
    assert_eq!(payload_types(&media), [100]);
    let header = headers(&media).remove(0);
    assert!(
        header.element(&media[0], 9).is_some(),
        "numbered by its own extension"
    );

    // What it misses comes again as its own repairs.
    let mut buffer = [0; 200];
    let mut writer = rtcp::Writer::new(&mut buffer);
    writer.receiver_report(5, &[]);
    writer.missing(5, header.ssrc, &[header.sequence_number]);
    let length = writer.finish().unwrap();
    let sealed = hall.viewer.sealed_rtcp(&buffer[..length]);
    hall.world.deliver(hall.viewer.address, &sealed);
    let media = hall.viewer.run(&mut hall.world);
    assert_eq!(payload_types(&media), [101]);

    let one = &hall.people[0];
    hall.world
        .deliver(one.1.address, &spoken(&one.1, hall.index + 1, 25, &[7; 60]));
    let media = hall.viewer.run(&mut hall.world);
    assert_eq!(
        payload_types(&media),
        [63],
        "sound that has the number which we give to RED"
    );
}

#[test]
fn a_monitor_that_restarts_ice_goes_on_by_new_credentials_and_by_the_old_until_then() {
    let (mut hall, _) = Hall::with_monitor(1);
    hall.pictures();
    assert_eq!(hall.pictures(), 1);
    let trickle =
        |hall: &mut Hall, fragment: &str| hall.world.sfu.trickle(hall.watching, Side::Subscribe, fragment);
    assert_eq!(
        trickle(&mut hall, "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"),
        Ok(None)
    );
    assert!(trickle(&mut hall, "nonsense").is_err());
    let fragment = "a=ice-ufrag:another\r\na=ice-pwd:anotheranotheranother22\r\n";
    let answer = trickle(&mut hall, fragment).unwrap().expect("ICE restarts");
    assert!(
        answer.contains("a=candidate:") && answer.contains("a=ice-lite"),
        "{answer}"
    );
    assert_eq!(hall.pictures(), 1, "the way that stands is kept");
    let before = hall.viewer.remote();
    hall.viewer.learn(&answer);
    assert_ne!(hall.viewer.remote(), before);
    let check = hall.viewer.check(None);
    hall.world.deliver(hall.viewer.address, &check);
    assert_eq!(hall.pictures(), 1);
    // Said again it is no other restart.
    assert_eq!(trickle(&mut hall, fragment), Ok(None));
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
        studio.active_layers(),
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
