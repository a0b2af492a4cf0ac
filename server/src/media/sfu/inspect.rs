//! What is known of every site, for the technical host and the statistics.

use std::time::Instant;

use super::{Connection, MemberKey, RoomKey, Sfu};
use crate::media::name::RoomId;
use crate::media::room::stream::Stream;
use crate::media::room::{Member, Room};
use crate::media::stats::{Drops, Line, Published, Shown, Site};

impl Sfu {
    /// Everyone in a room; empty where it is no longer open.
    pub fn sites(&self, now: Instant, room: RoomKey) -> Vec<Site> {
        let room = self.rooms.get(room.at).filter(|each| each.serial == room.serial);
        room.map_or_else(Vec::new, |room| {
            let here = room.members.iter().filter(|(_, member)| member.home.is_none());
            here.map(|(_, member)| self.describe_site(now, room, member))
                .collect()
        })
    }

    /// Every room with all who are in it.
    pub fn all_sites(&self, now: Instant) -> Vec<(RoomId, Vec<Site>)> {
        let key = |at, serial| RoomKey { at, serial };
        self.rooms
            .iter()
            .map(|(at, room)| (room.id, self.sites(now, key(at, room.serial))))
            .collect()
    }

    /// One of them.
    pub fn site(&self, now: Instant, key: MemberKey) -> Option<Site> {
        let room = self.rooms.get(key.room.at)?;
        let member = room.members.get(key.at)?;
        let is_meant = room.serial == key.room.serial && member.serial == key.serial();
        is_meant.then(|| self.describe_site(now, room, member))
    }

    fn describe_site(&self, now: Instant, room: &Room, member: &Member) -> Site {
        let connection = |at: Option<usize>| self.connections.get(at?);
        let subscribe = connection(member.subscribe);
        let way = subscribe.or(connection(member.publish));
        Site {
            participant: member.id,
            way_in: way.and_then(|connection| connection.transport.ice.remote()),
            dropped: dropped([member.publish, member.subscribe].map(connection)),
            reported: member.reported(now),
            published: member
                .streams
                .iter()
                .flatten()
                .flat_map(|stream| published(now, stream))
                .collect(),
            shown: shown(room, member),
            mixed_sound: member.hearing.state(now),
            line: subscribe.and_then(|connection| {
                let egress = connection.egress.as_ref()?;
                Some(Line {
                    estimate: egress.estimate(),
                    demand: egress.demand(),
                    loss: egress.loss(),
                    round_trip: egress.round_trip(),
                })
            }),
        }
    }
}

fn dropped(connections: [Option<&Connection>; 2]) -> Drops {
    let mut sum = Drops::default();
    for connection in connections.into_iter().flatten() {
        sum.add(&connection.dropped);
    }
    sum
}

fn published(now: Instant, stream: &Stream) -> impl Iterator<Item = Published> {
    let clock_rate = f64::from(stream.announced.clock_rate);
    let layers = stream.layers.iter().zip(&stream.announced.layers);
    layers.filter_map(move |(layer, announced)| {
        let reception = layer.reception.as_ref()?;
        let (expected, received) = reception.counts();
        Some(Published {
            source: stream.announced.source,
            rid: announced.rid.clone(),
            bits_per_second: layer.meter.bits_per_second(now),
            expected,
            received,
            lost_permille: reception.lost_permille(),
            jitter_ms: f64::from(reception.jitter()) * 1_000.0 / clock_rate,
            size: layer.sizes.iter().rev().flatten().next().copied(),
        })
    })
}

fn shown(room: &Room, member: &Member) -> Vec<Shown> {
    let slots = member.pool.slots.iter();
    slots
        .filter_map(|slot| {
            let participant = room.members.get(slot.holder?)?.id;
            Some(Shown {
                mid: slot.section.mid.clone(),
                ssrc: slot.section.ssrc,
                participant,
                source: slot.source,
                layer: slot.rewriter.shows(),
                target: slot.target.map(|target| target.layer),
                desired: slot.desired,
                packets: slot.packets,
                bytes: slot.octets,
                reported_loss: slot.reported_loss,
            })
        })
        .collect()
}
