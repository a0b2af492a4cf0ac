//! Sound that is lost on its way, and how it comes back to those who know RED (RFC 2198) and those who do not.

use std::time::Duration;

use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::rtcp::{self, Feedback, Writer};
use hoian_server::media::rtp::{Header, Outgoing};
use hoian_server::media::sfu::{MemberKey, PublishedTrack};
use hoian_server::media::transport::Protocol;
use hoian_server::media::{ParticipantId, Source};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use uuid::Uuid;

use crate::allocations;
use crate::peer::{MICROPHONE, Peer, World};
use crate::scene::{ALICE, BOB, open, watch};

/// Someone speaks in RED; one listener knows it, another does not.
struct Speech {
    world: World,
    speaker: Peer,
    modern: Peer,
    plain: Peer,
}

/// What a listener was sent: payload type, sequence number, time-stamp and payload.
type Heard = (u8, u16, u32, Vec<u8>);

impl Speech {
    fn new() -> Speech {
        let mut world = World::new(4);
        let room = open(&mut world);
        let mut join = |id| {
            let World { sfu, now, outbox, .. } = &mut world;
            sfu.join(*now, room, id, outbox).unwrap()
        };
        let (speaking, hearing, plainly) = (join(ALICE), join(BOB), join(ParticipantId(Uuid::from_u128(3))));
        let gcm = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
        let mut speaker = Peer::new(4001, gcm, 1200);
        publish(&mut world, speaking, &mut speaker);
        let (mut modern, mut plain) = (Peer::new(4002, gcm, 1200), Peer::new(4003, gcm, 1200));
        plain.lacks_redundancy = true;
        plain.reports_arrivals = true;
        watch(&mut world, hearing, 2, &mut modern);
        watch(&mut world, plainly, 2, &mut plain);
        Speech {
            world,
            speaker,
            modern,
            plain,
        }
    }

    /// The packet with the copy of the one before, sealed.
    fn redundant(&self, index: u64) -> Vec<u8> {
        let mut payload = vec![0x80 | 111, 0x0f, 0x00, LENGTH, 111];
        payload.extend(frame(index - 1));
        payload.extend(frame(index));
        self.sealed(index, 63, &payload)
    }

    fn sealed(&self, index: u64, payload_type: u8, payload: &[u8]) -> Vec<u8> {
        let header = Outgoing {
            marker: false,
            payload_type,
            sequence_number: index as u16,
            timestamp: index as u32 * 960,
            ssrc: MICROPHONE,
        };
        self.speaker.sealed(header, index, payload)
    }

    fn say(&mut self, sealed: &[u8]) {
        self.world.deliver(self.speaker.address, sealed);
        self.world.now += Duration::from_millis(20);
    }

    fn heard_by(&mut self, which: fn(&mut Speech) -> &mut Peer) -> Vec<Heard> {
        let address = which(self).address;
        let datagrams = self.world.take_for(address).into_iter();
        let media = datagrams.filter(|datagram| Protocol::of(datagram) == Some(Protocol::Rtp));
        let opened = media.filter_map(|datagram| which(self).open_once(datagram));
        opened
            .map(|packet| {
                let header = Header::parse(&packet).unwrap();
                let payload = packet[header.length..].to_vec();
                (
                    header.payload_type,
                    header.sequence_number,
                    header.timestamp,
                    payload,
                )
            })
            .collect()
    }

    /// Everything of the plain listener's sound that leaves, as it is on the wire.
    fn wire(&mut self) -> Vec<Vec<u8>> {
        let datagrams = self.world.take_for(self.plain.address).into_iter();
        datagrams
            .filter(|datagram| Protocol::of(datagram) == Some(Protocol::Rtp))
            .collect()
    }

    /// What the speaker is asked for again in the time that passes.
    fn asked_of_the_speaker(&mut self) -> Vec<u16> {
        self.world.wait(Duration::from_millis(60));
        let mut asked = Vec::new();
        for datagram in self.world.take_for(self.speaker.address) {
            if Protocol::of(&datagram) == Some(Protocol::Rtcp) {
                let compound = self.speaker.open_rtcp(datagram);
                rtcp::read(&compound, |feedback| {
                    if let Feedback::Missing {
                        ssrc: MICROPHONE,
                        pairs,
                    } = feedback
                    {
                        asked.extend(rtcp::missing(pairs));
                    }
                });
            }
        }
        asked
    }

    fn plain_listener_asks_for(&mut self, packet: &[u8]) {
        let header = Header::parse(packet).unwrap();
        let mut buffer = [0; 200];
        let mut writer = Writer::new(&mut buffer);
        writer.receiver_report(5, &[]);
        writer.missing(5, header.ssrc, &[header.sequence_number]);
        let length = writer.finish().unwrap();
        let sealed = self.plain.sealed_rtcp(&buffer[..length]);
        self.world.deliver(self.plain.address, &sealed);
    }
}

fn publish(world: &mut World, member: MemberKey, speaker: &mut Peer) {
    let offer = speaker
        .offer()
        .replace("109", "111")
        .replace("SAVPF 111", "SAVPF 111 63")
        .replace(
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111",
        );
    let tracks = [PublishedTrack {
        mid: "0".to_owned(),
        source: Source::Microphone,
    }];
    let World { sfu, now, outbox, .. } = world;
    let answer = sfu.publish(*now, member, &offer, &tracks, outbox).unwrap();
    assert!(
        answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"),
        "{answer}"
    );
    assert!(answer.contains("useinbandfec=1"), "{answer}");
    speaker.learn(&answer);
    speaker.begin(world);
    speaker.run(world);
}

fn frame(index: u64) -> [u8; LENGTH as usize] {
    [index as u8; LENGTH as usize]
}

fn numbers(heard: &[Heard]) -> Vec<u16> {
    let first = heard[0].1;
    heard.iter().map(|each| each.1.wrapping_sub(first)).collect()
}

const LENGTH: u8 = 40;

/// Two frames in one packet for who understands it, the newer one alone for who does not.
#[test]
fn redundant_audio_is_passed_on_and_stripped_where_the_viewer_lacks_it() {
    let mut speech = Speech::new();
    for index in [10, 11] {
        let sealed = speech.redundant(index);
        speech.say(&sealed);
    }
    let sealed = speech.sealed(12, 111, &[9, 9]);
    speech.say(&sealed);
    let modern = speech.heard_by(|speech| &mut speech.modern);
    assert_eq!(
        modern.iter().map(|each| each.0).collect::<Vec<_>>(),
        [63, 63, 111]
    );
    assert_eq!(modern[1].3[5..], [frame(10), frame(11)].concat());
    let plain = speech.heard_by(|speech| &mut speech.plain);
    let payloads: Vec<Vec<u8>> = plain.iter().map(|each| each.3.clone()).collect();
    // The first packet came with a copy of what nobody had heard.
    assert_eq!(
        payloads,
        [
            frame(9).to_vec(),
            frame(10).to_vec(),
            frame(11).to_vec(),
            vec![9, 9]
        ]
    );
    assert!(plain.iter().all(|each| each.0 == 111));
}

#[test]
fn a_packet_lost_on_the_way_here_comes_back_from_its_copy_for_who_lacks_redundancy() {
    let mut speech = Speech::new();
    let packets: Vec<Vec<u8>> = (10..=14).map(|index| speech.redundant(index)).collect();
    for at in [0, 1, 3, 4] {
        speech.say(&packets[at]);
    }
    let plain = speech.heard_by(|speech| &mut speech.plain);
    assert_eq!(numbers(&plain), [0, 1, 2, 3, 4, 5]);
    for (at, (payload_type, _, timestamp, payload)) in plain.iter().enumerate() {
        let index = 9 + at as u64;
        assert_eq!((*payload_type, &payload[..]), (111, &frame(index)[..]));
        assert_eq!(timestamp.wrapping_sub(plain[0].2), at as u32 * 960);
    }
    assert_eq!(
        numbers(&speech.heard_by(|speech| &mut speech.modern)),
        [0, 1, 3, 4]
    );
    assert!(
        speech.asked_of_the_speaker().is_empty(),
        "nothing is missing any more"
    );
    speech.say(&packets[2]);
    assert!(
        speech.heard_by(|speech| &mut speech.plain).is_empty(),
        "late, and heard already"
    );
    assert_eq!(speech.heard_by(|speech| &mut speech.modern).len(), 1);
}

#[test]
fn a_packet_without_a_copy_is_asked_of_the_speaker() {
    let mut speech = Speech::new();
    for index in [10, 11, 14] {
        let sealed = speech.redundant(index);
        speech.say(&sealed);
    }
    assert_eq!(speech.asked_of_the_speaker(), [12], "13 has come as a copy");
    let sealed = speech.redundant(12);
    speech.say(&sealed);
    let plain = speech.heard_by(|speech| &mut speech.plain);
    assert_eq!(numbers(&plain), [0, 1, 2, 4, 5, 3]);
    assert_eq!(plain[5].3, frame(12));
}

/// The number by which arrivals are reported is the old one as well, for the cipher's sake.
#[test]
fn a_listener_without_redundancy_is_sent_again_what_he_asks_for_as_it_was() {
    let mut speech = Speech::new();
    for index in 10..20 {
        let sealed = speech.redundant(index);
        speech.say(&sealed);
    }
    let wire = speech.wire();
    assert_eq!(wire.len(), 11, "nothing is sent twice on a good line");
    speech.plain_listener_asks_for(&wire[6]);
    assert_eq!(speech.wire(), [wire[6].clone()]);
    speech.plain_listener_asks_for(&wire[6]);
    assert_eq!(speech.wire(), [] as [Vec<u8>; 0], "not before it can have come");
}

#[test]
fn a_listener_without_redundancy_is_sent_everything_twice_while_his_line_loses() {
    let mut speech = Speech::new();
    let (mut arrivals, began, mut once_more) = (Arrivals::default(), speech.world.now, 0);
    let mut before: Option<Vec<u8>> = None;
    for index in 10..510 {
        let sealed = speech.redundant(index);
        speech.say(&sealed);
        let wire = speech.wire();
        // Of the first half a tenth is lost, of the second nothing.
        for datagram in &wire {
            let header = Header::parse(datagram).unwrap();
            if Some(datagram) == before.as_ref() {
                once_more += 1;
                continue;
            }
            if index >= 160 || index % 10 > 0 {
                let number = header.element(datagram, 3).unwrap();
                let at_us = (speech.world.now - began).as_micros() as u64;
                arrivals.arrived(u16::from_be_bytes([number[0], number[1]]), at_us);
            }
        }
        let again = wire.len() > 1 && index > 10;
        assert!(
            !again || Some(&wire[1]) == before.as_ref(),
            "the one before, as it was"
        );
        before = wire.into_iter().next().filter(|_| index > 10);
        let mut buffer = [0; 1400];
        while let Some(length) = arrivals.write(5, 0, &mut buffer) {
            let sealed = speech.plain.sealed_rtcp(&buffer[..length]);
            speech.world.deliver(speech.plain.address, &sealed);
        }
        if index == 159 {
            assert!(once_more > 80, "{once_more} of 150 while a tenth was lost");
            once_more = 0;
        }
        // It is five seconds until that is believed, 250 packets.
        if index == 430 {
            once_more = 0;
        }
    }
    assert_eq!(once_more, 0, "the line has been good for a while");
}

#[test]
fn sound_with_and_without_losses_is_forwarded_without_allocation() {
    let mut speech = Speech::new();
    let packets: Vec<Vec<u8>> = (10..10_010).map(|index| speech.redundant(index)).collect();
    speech.say(&packets[0]);
    let (address, world) = (speech.speaker.address, &mut speech.world);
    let before = world.sfu.stats().forwarded_packets;
    let allocated = allocations::during(|| {
        for (at, packet) in packets.iter().enumerate().skip(1) {
            if at % 10 != 3 {
                world.pass(address, packet);
                world.now += Duration::from_micros(100);
            }
        }
    });
    assert_eq!(allocated, 0);
    let forwarded = world.sfu.stats().forwarded_packets - before;
    assert_eq!(
        forwarded,
        8_999 + 9_999,
        "whole to the one, all of them to the other"
    );
}
