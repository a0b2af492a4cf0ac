//! A packet that goes out once more, on the slot's repair stream (RFC 4588).

use super::send::Departure;
use crate::media::forward::Incoming;
use crate::media::room::Room;
use crate::media::rtp::Outgoing;

/// By the sequence number that the viewer knows.
pub(super) fn find_by_number(room: &Room, viewer: usize, slot: usize, number: u16) -> Option<Departure<'_>> {
    let (layer, index) = room.members.get(viewer)?.pool.slots[slot]
        .rewriter
        .index_of(number)?;
    find(room, viewer, slot, layer, index)
}

/// By the publisher's index in a layer.
pub(super) fn find(room: &Room, viewer: usize, slot: usize, layer: u8, index: u64) -> Option<Departure<'_>> {
    let slot = &room.members.get(viewer)?.pool.slots[slot];
    let codec = room.codec(slot.holder?, slot.source)?;
    let stream = room.layer(slot.holder?, slot.source, layer)?;
    let kept = stream.cache.as_ref()?.find(index)?;
    let descriptor = stream.read(codec, kept.payload, kept.extension);
    let packet = Incoming {
        layer,
        index,
        timestamp: kept.timestamp,
        marker: kept.marker,
        picture: Some(descriptor),
    };
    let placed = slot.rewriter.place_again(&packet)?;
    Some(Departure {
        header: Outgoing {
            marker: placed.marker,
            payload_type: slot.formats.repair(codec)?,
            sequence_number: slot.repair_index as u16,
            timestamp: placed.timestamp,
            ssrc: slot.section.repair_ssrc?,
        },
        index: slot.repair_index,
        original: Some(placed.index as u16),
        payload: kept.payload,
        dependency: kept.extension,
        rewrite: Some((placed.shift, descriptor)),
        playout_delay: None,
    })
}
