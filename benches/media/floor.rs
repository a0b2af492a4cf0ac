//! What no SFU can do without: AES-128-GCM and the send, for the same sizes to the same sockets.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use hoian_server::media::rtp::{self, Elements, Outgoing};
use hoian_server::media::transport::outbox::Outbox;
use hoian_server::media::transport::srtp::{self, Profile, Sealer};
use hoian_server::net::socket::Sender;
use hoian_server::net::streams::Streams;

/// Seals and sends every picture to every address, with the packets of one address side by side as the SFU
/// has them; gives CPU nanoseconds a packet.
pub fn measure(to: &[SocketAddr], pictures: &[Vec<usize>], stop: &AtomicBool) -> Result<f64> {
    crate::pin(0, 0)?;
    let profile = Profile::AeadAes128Gcm;
    let material = vec![7; profile.keying_material_length()];
    let (_, sealer) = srtp::contexts(profile, &material, true).context("keys")?;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let (mut sender, mut outbox) = (Sender::new(), Outbox::with_room_for(1024));
    let mut streams = Streams::default();
    let source = vec![7u8; 2048];
    let (mut packets, began) = (0u64, thread_nanoseconds());
    for picture in pictures.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for (viewer, to) in to.iter().enumerate() {
            if outbox.room() < picture.len() {
                sender.send(&socket, &mut streams, &mut outbox);
            }
            for size in picture {
                packets += 1;
                let index = packets;
                outbox.write((*to).into(), |buffer| {
                    seal(&sealer, buffer, &source[..*size], viewer as u32, index)
                });
            }
        }
        sender.send(&socket, &mut streams, &mut outbox);
    }
    Ok((thread_nanoseconds() - began) as f64 / packets.max(1) as f64)
}

fn seal(sealer: &Sealer, buffer: &mut [u8], payload: &[u8], ssrc: u32, index: u64) -> Option<usize> {
    let header = Outgoing {
        marker: false,
        payload_type: 96,
        sequence_number: index as u16,
        timestamp: 0,
        ssrc,
    };
    let elements = Elements {
        transport_sequence: Some((3, index as u16)),
        playout_delay: Some((6, [0; 3])),
        dependency: None,
    };
    let header_length = header.write_with(&elements, buffer)?;
    let length = header_length + payload.len();
    buffer.get_mut(header_length..length)?.copy_from_slice(payload);
    debug_assert!(header_length > rtp::HEADER_LENGTH);
    sealer.seal_rtp(buffer, header_length, length, ssrc, index)
}

fn thread_nanoseconds() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
