//! One room over two shards, on virtual time.

use std::time::Duration;

use hoian_server::media::relay::ShardId;
use hoian_server::media::rtcp::Writer;
use hoian_server::media::rtp::Outgoing;
use hoian_server::media::sfu::{MemberKey, PublishedTrack, RoomKey};
use hoian_server::media::stats::Drop;
use hoian_server::media::transport::srtp;
use hoian_server::media::{Event, Source, TrackState, Viewport, Watch};
use hoian_server::net::ring;

use crate::allocations;
use crate::encoder::{FRAME, Layer, offer};
use crate::peer::{Far, MICROPHONE, Peer, World};
use crate::scene::{ALICE, BOB, Camera, headers, open, publish, watch};

/// Somebody publishes at home on `here`, and somebody watches on `there`.
struct Span {
    here: World,
    there: World,
    rooms: (RoomKey, RoomKey),
    publisher: Peer,
    publishing: MemberKey,
    viewer: Peer,
    watching: MemberKey,
    camera: Camera,
}

impl Span {
    /// With `publish`, what is offered by the publisher.
    fn new(publish: impl Fn(&mut World, MemberKey, &mut Peer)) -> Span {
        let (mut here, mut there) = (World::new(7), World::new(8));
        there.now = here.now;
        let rooms = (open(&mut here), open(&mut there));
        let ((out, arriving), (back, returning)) = (ring::pair(), ring::pair());
        here.far = Some(Far::new(ShardId(1), out, returning));
        there.far = Some(Far::new(ShardId(0), back, arriving));
        for (world, room, shard) in [(&mut here, rooms.0, 1), (&mut there, rooms.1, 0)] {
            world
                .sfu
                .link(world.now, room, ShardId(shard), &mut world.outbox)
                .unwrap();
        }
        let publishing = here.sfu.join(here.now, rooms.0, ALICE, &mut here.outbox).unwrap();
        let watching = there
            .sfu
            .join(there.now, rooms.1, BOB, &mut there.outbox)
            .unwrap();
        let mut publisher = Peer::gcm(4_001);
        publish(&mut here, publishing, &mut publisher);
        publisher.begin(&mut here);
        publisher.run(&mut here);
        let mut viewer = Peer::gcm(4_002);
        watch(&mut there, watching, 2, &mut viewer);
        Span {
            here,
            there,
            rooms,
            publisher,
            publishing,
            viewer,
            watching,
            camera: Camera::new(),
        }
    }

    fn usual() -> Span {
        Span::new(|world, member, peer| publish(world, member, peer).unwrap())
    }

    /// What the shards have for each other, until nothing is left.
    fn exchange(&mut self) {
        let Span { here, there, .. } = self;
        loop {
            let mut is_any = false;
            is_any |= carry(here, there, ShardId(0));
            is_any |= carry(there, here, ShardId(1));
            for world in [&mut *here, &mut *there] {
                is_any |= world.take_crossed();
                world.collect();
            }
            if !is_any {
                return;
            }
        }
    }

    fn wait(&mut self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(Duration::from_millis(10));
            self.here.wait(step);
            self.there.wait(step);
            self.exchange();
            left -= step;
        }
    }

    fn frame(&mut self, key: bool) -> Vec<Vec<u8>> {
        let sealed = self.camera.next(key).seal(&self.publisher);
        self.here.deliver(self.publisher.address, &sealed);
        self.exchange();
        self.wait(Duration::from_millis(33));
        self.viewer.run(&mut self.there)
    }

    /// Until the picture flows: the need for it and the key frame go back and forth.
    fn begin(&mut self) {
        let began = (0..20).any(|_| !headers(&self.frame(true)).is_empty());
        assert!(began, "pictures cross");
    }

    fn shown(&self) -> Vec<Source> {
        let site = self.there.sfu.site(self.there.now, self.watching).unwrap();
        site.shown.iter().map(|shown| shown.source).collect()
    }

    /// Whether the publisher was asked for a key frame since this was last called.
    fn is_asked_for_a_key_frame(&mut self) -> bool {
        let media = self.publisher.run(&mut self.here);
        media
            .iter()
            .any(|packet| packet.windows(2).any(|pair| pair == [0x81, 206]))
    }
}

/// The notices of the shard `from` to the other; `true` where there were any.
pub fn carry(from: &mut World, to: &mut World, shard: ShardId) -> bool {
    let notices: Vec<_> = from.sfu.take_notices().collect();
    let is_any = !notices.is_empty();
    for (_, notice) in notices {
        to.sfu.take_notice(to.now, shard, notice, &mut to.outbox);
        to.collect();
    }
    is_any
}

fn sound(peer: &Peer, index: u64) -> Vec<u8> {
    let header = Outgoing {
        marker: false,
        payload_type: 109,
        sequence_number: index as u16,
        timestamp: index as u32 * 960,
        ssrc: MICROPHONE,
    };
    peer.sealed(header, index, &[index as u8; 80])
}

#[test]
fn a_publisher_on_one_shard_is_seen_and_heard_on_the_other_and_forgotten_when_gone() {
    let mut span = Span::usual();
    span.begin();
    let seen = headers(&span.frame(false));
    assert_eq!((seen.len(), seen[0].payload_type), (1, 96));
    let sealed = sound(&span.publisher, 1);
    span.here.deliver(span.publisher.address, &sealed);
    span.exchange();
    let sealed = sound(&span.publisher, 2);
    span.here.deliver(span.publisher.address, &sealed);
    span.exchange();
    let heard = headers(&span.viewer.run(&mut span.there));
    assert!(heard.iter().any(|header| header.payload_type == 111), "{heard:?}");
    assert_eq!(span.shown(), [Source::Microphone, Source::Camera]);
    let told =
        |world: &mut World| -> Vec<Event> { world.sfu.take_events().map(|(_, event)| event).collect() };
    let live = Event::Track {
        participant: ALICE,
        source: Source::Camera,
        state: TrackState::Live,
    };
    assert!(told(&mut span.here).contains(&live), "by the home");
    assert!(!told(&mut span.there).contains(&live), "and by nobody else");
    let World { sfu, now, outbox, .. } = &mut span.here;
    sfu.mute(*now, span.publishing, Source::Camera, true, outbox);
    span.exchange();
    assert_eq!(span.shown(), [Source::Microphone]);
    let World { sfu, now, outbox, .. } = &mut span.here;
    sfu.leave(*now, span.publishing, outbox);
    span.exchange();
    assert_eq!(span.shown(), []);
}

#[test]
fn a_viewer_is_sent_again_from_the_cache_of_his_own_shard_and_his_wish_for_a_key_frame_crosses() {
    let mut span = Span::usual();
    span.begin();
    let seen: Vec<Vec<u8>> = (0..5).flat_map(|_| span.frame(false)).collect();
    let lost = headers(&seen)[2].clone();
    let mut buffer = [0; 200];
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(5, &[]);
    writer.missing(5, lost.ssrc, &[lost.sequence_number]);
    let length = writer.finish().unwrap();
    let sealed = span.viewer.sealed_rtcp(&buffer[..length]);
    span.there.deliver(span.viewer.address, &sealed);
    let again = span.viewer.run(&mut span.there);
    assert_eq!(headers(&again)[0].payload_type, 97);
    assert_eq!(again[0][12..14], lost.sequence_number.to_be_bytes());
    assert_eq!(span.there.sfu.stats().retransmitted_packets, 1);
    span.wait(Duration::from_secs(2));
    span.is_asked_for_a_key_frame();
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(5, &[]);
    writer.picture_loss(5, lost.ssrc);
    let length = writer.finish().unwrap();
    let sealed = span.viewer.sealed_rtcp(&buffer[..length]);
    span.there.deliver(span.viewer.address, &sealed);
    span.exchange();
    assert!(span.is_asked_for_a_key_frame());
}

#[test]
fn a_recorder_is_brought_every_voice_and_the_picture_on_the_stage_and_asks_for_its_key_frames() {
    let mut span = Span::usual();
    let (room, listens) = (
        span.rooms.1,
        Watch {
            sound_only: true,
            ..Watch::default()
        },
    );
    let World { sfu, now, outbox, .. } = &mut span.there;
    sfu.watch(*now, span.watching, listens, outbox).unwrap();
    for _ in 0..20 {
        span.frame(true);
    }
    assert!(span.there.taken.is_empty(), "nobody records");
    span.there.sfu.record(room);
    for index in 0..20 {
        span.frame(true);
        let sealed = sound(&span.publisher, index);
        span.here.deliver(span.publisher.address, &sealed);
        span.exchange();
    }
    let brought = std::mem::take(&mut span.there.taken);
    assert!(brought.contains(&(ALICE, Source::Microphone)) && brought.contains(&(ALICE, Source::Camera)));
    let shown = span.there.sfu.stage(span.there.now, room).unwrap();
    assert_eq!((shown.participant, shown.source), (ALICE, Source::Camera));
    span.wait(Duration::from_secs(2));
    span.is_asked_for_a_key_frame();
    span.there.sfu.enter_anew(span.there.now, room);
    span.wait(Duration::from_millis(200));
    assert!(span.is_asked_for_a_key_frame());
    let World { sfu, now, outbox, .. } = &mut span.here;
    sfu.unlink(*now, span.rooms.0, ShardId(1), outbox);
    span.there.taken.clear();
    for _ in 0..5 {
        span.frame(true);
    }
    assert!(
        span.there.taken.is_empty(),
        "it was told that nothing is needed any more"
    );
}

/// Nothing crosses that nobody there looks at.
#[test]
fn pictures_cross_only_while_somebody_there_has_use_for_them() {
    let mut span = Span::usual();
    span.begin();
    let view = |span: &mut Span, width, height| {
        let viewport = Viewport { width, height };
        let World { sfu, now, outbox, .. } = &mut span.there;
        sfu.view(*now, span.watching, &[("v0".to_owned(), viewport)], outbox);
        span.there.collect();
    };
    view(&mut span, 0, 0);
    for _ in 0..150 {
        span.frame(false);
    }
    let before = span.there.sfu.stats().crossed_packets;
    for _ in 0..30 {
        span.frame(false);
    }
    assert_eq!(span.there.sfu.stats().crossed_packets, before);
    view(&mut span, 320, 180);
    span.begin();
}

#[test]
fn a_shard_that_does_not_take_its_packets_is_left_whole_pictures_behind_and_goes_on_with_a_key_frame() {
    let mut span = Span::usual();
    span.begin();
    span.wait(Duration::from_secs(2));
    span.is_asked_for_a_key_frame();
    let mut sent = 0;
    while span.here.sfu.stats().dropped(Drop::ShardBusy) == 0 {
        let sealed = span.camera.next(false).seal(&span.publisher);
        span.here.deliver(span.publisher.address, &sealed);
        sent += 1;
        assert!(sent < 5_000, "the ring is bounded");
    }
    let dropped = |span: &Span| {
        let site = span.here.sfu.site(span.here.now, span.publishing).unwrap();
        site.dropped.of(Drop::ShardBusy)
    };
    assert_eq!(dropped(&span), 1, "counted for the publisher's site");
    // The ring has room for some more, yet nothing that depends on what was left out crosses.
    for _ in 0..20 {
        let sealed = span.camera.next(false).seal(&span.publisher);
        span.here.deliver(span.publisher.address, &sealed);
    }
    assert_eq!(dropped(&span), 21);
    span.exchange();
    let before = headers(&span.viewer.run(&mut span.there)).len();
    assert!(before > 100, "{before} that had room");
    span.here.wait(Duration::from_millis(60));
    assert!(span.is_asked_for_a_key_frame());
    assert!(headers(&span.frame(false)).is_empty());
    assert_eq!(headers(&span.frame(true)).len(), 1);
    assert_eq!(headers(&span.frame(false)).len(), 1);
}

#[test]
fn ten_thousand_packets_cross_and_are_forwarded_without_allocation() {
    let mut span = Span::usual();
    span.begin();
    let first = sound(&span.publisher, 1);
    span.here.deliver(span.publisher.address, &first);
    span.exchange();
    let datagrams: Vec<Vec<u8>> = (0..5_000u64)
        .flat_map(|at| {
            let video = span.camera.next(at % 300 == 0).seal(&span.publisher);
            [video, sound(&span.publisher, at + 2)]
        })
        .collect();
    let before = span.there.sfu.stats().forwarded_packets;
    let Span {
        here,
        there,
        publisher,
        ..
    } = &mut span;
    let allocated = allocations::during(|| {
        for datagram in &datagrams {
            here.pass(publisher.address, datagram);
            there.take_crossed();
            here.now += Duration::from_micros(100);
            there.now = here.now;
        }
    });
    assert_eq!(there.sfu.stats().forwarded_packets - before, 10_000);
    assert_eq!(allocated, 0);
}

/// What both shards need of a publisher's layers is what he is asked for, and only what is needed crosses.
#[test]
fn the_layers_that_a_viewer_on_another_shard_needs_are_asked_of_the_publisher() {
    let mut layers = Layer::simulcast();
    let mut span = Span::new(|world, member, peer| {
        let tracks = [PublishedTrack {
            mid: "0".to_owned(),
            source: Source::Camera,
        }];
        let World { sfu, now, outbox, .. } = world;
        let offer = offer(peer, &layers);
        let answer = sfu.publish(*now, member, &offer, &tracks, outbox).unwrap();
        peer.learn(&answer);
    });
    let began = span.here.now;
    let mut largest = |span: &mut Span, width: u16, seconds: u64| -> (Option<u8>, Vec<String>) {
        let viewport = Viewport {
            width,
            height: width / 16 * 9,
        };
        let World { sfu, now, outbox, .. } = &mut span.there;
        sfu.view(*now, span.watching, &[("v0".to_owned(), viewport)], outbox);
        let mut needed = Vec::new();
        for _ in 0..seconds * 30 {
            let at = span.here.now - began;
            for layer in layers.iter_mut().filter(|layer| layer.active) {
                let ssrc = layer.ssrc;
                for (mut packet, header_length, index) in layer.picture(at) {
                    let (_, sealer) = span.publisher.keys.as_ref().unwrap();
                    let plain = packet.len();
                    packet.resize(plain + srtp::OVERHEAD, 0);
                    let length = sealer
                        .seal_rtp(&mut packet, header_length, plain, ssrc, index)
                        .unwrap();
                    packet.truncate(length);
                    span.here.deliver(span.publisher.address, &packet);
                }
            }
            span.exchange();
            span.wait(FRAME);
            span.viewer.run(&mut span.there);
            for packet in span.publisher.run(&mut span.here) {
                for layer in &mut layers {
                    let asks = packet.windows(4).any(|part| part == layer.ssrc.to_be_bytes());
                    layer.key_frame_wanted |= asks && packet.windows(2).any(|pair| pair == [0x81, 206]);
                }
            }
            for (_, event) in span.here.sfu.take_events() {
                if let Event::Layers { needed: now, .. } = event {
                    needed = now;
                }
            }
            for layer in &mut layers {
                let active = needed.is_empty() || needed.iter().any(|rid| rid == layer.rid);
                layer.key_frame_wanted |= active && !layer.active;
                layer.active = active;
            }
        }
        let site = span.there.sfu.site(span.there.now, span.watching).unwrap();
        let shown = site.shown.iter().find(|shown| shown.source == Source::Camera);
        (shown.and_then(|shown| shown.layer), needed)
    };
    assert_eq!(largest(&mut span, 1280, 3).0, Some(2));
    let (shown, needed) = largest(&mut span, 320, 8);
    assert_eq!((shown, needed), (Some(0), vec!["q".to_owned()]));
    let before = span.there.sfu.stats().crossed_packets;
    largest(&mut span, 320, 1);
    let crossed = span.there.sfu.stats().crossed_packets - before;
    assert!(
        (30..70).contains(&crossed),
        "{crossed} packets of the smallest in a second"
    );
    let (shown, needed) = largest(&mut span, 640, 3);
    assert_eq!((shown, needed), (Some(1), vec!["q".to_owned(), "h".to_owned()]));
}

/// Somebody comes again on the other shard: one of them is left, whatever order the news comes in.
#[test]
fn whoever_joins_again_on_another_shard_is_there_once() {
    let mut span = Span::usual();
    span.begin();
    span.wait(Duration::from_millis(100));
    let World { sfu, now, outbox, .. } = &mut span.there;
    let again = sfu.join(*now, span.rooms.1, ALICE, outbox).unwrap();
    let World { sfu, now, outbox, .. } = &mut span.here;
    sfu.expel(*now, span.rooms.0, ALICE, outbox);
    span.exchange();
    assert_eq!(span.shown(), [], "he sends nothing yet");
    let mut peer = Peer::gcm(4_003);
    publish(&mut span.there, again, &mut peer).unwrap();
    peer.begin(&mut span.there);
    peer.run(&mut span.there);
    span.camera = Camera::new();
    for _ in 0..3 {
        let sealed = span.camera.next(true).seal(&peer);
        span.there.deliver(peer.address, &sealed);
        span.wait(Duration::from_millis(33));
    }
    assert_eq!(span.shown(), [Source::Camera]);
    let here = span.here.sfu.sites(span.here.now, span.rooms.0);
    assert!(here.is_empty(), "only mirrored: {here:?}");
}
