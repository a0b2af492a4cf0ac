//! Batched UDP: one system call takes up to 64 datagrams, one sends as many runs of equal size.
//!
//! A run of datagrams to one address with one size (the last may be shorter) is given to the kernel as
//! one message that it segments (`UDP_SEGMENT`): 1.55 µs a datagram in place of 3.3.

use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

use super::streams::Streams;
use crate::media::sfu::{BATCH, Received};
use crate::media::transport::outbox::{Outbox, Outgoing};

/// The receiving half's memory.
pub struct Inbox {
    pub storage: Vec<u8>,
    pub batch: Vec<Received>,
    addresses: Vec<libc::sockaddr_storage>,
    parts: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
}

// SAFETY: the raw pointers in `parts` and `messages` are written anew before each system call and point
// into this value's own vectors; nobody else reads them.
unsafe impl Send for Inbox {}

impl Default for Inbox {
    fn default() -> Inbox {
        Inbox::new()
    }
}

impl Inbox {
    pub fn new() -> Inbox {
        Inbox {
            storage: vec![0; BATCH * LARGEST],
            batch: Vec::with_capacity(BATCH),
            // SAFETY: all three are plain C structures for which zero bytes are valid values.
            addresses: vec![unsafe { mem::zeroed() }; BATCH],
            parts: vec![unsafe { mem::zeroed() }; BATCH],
            messages: vec![unsafe { mem::zeroed() }; BATCH],
        }
    }

    /// Takes what is there, without waiting; the batch is empty where nothing was.
    ///
    /// # Errors
    /// Those of the system call, except that nothing was there.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.batch.clear();
        for at in 0..BATCH {
            self.parts[at] = libc::iovec {
                iov_base: self.storage[at * LARGEST..].as_mut_ptr().cast(),
                iov_len: LARGEST,
            };
            let header = &mut self.messages[at].msg_hdr;
            header.msg_name = (&raw mut self.addresses[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = &raw mut self.parts[at];
            header.msg_iovlen = 1;
        }
        // SAFETY: `messages` holds BATCH headers whose pointers were just set to live memory of at least
        // the lengths they state.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if is_transient(&error) { Ok(()) } else { Err(error) };
        }
        for at in 0..count as usize {
            let message = &self.messages[at];
            // What did not fit is no packet of ours.
            if message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 {
                continue;
            }
            let Some(from) = read_address(&self.addresses[at]) else {
                continue;
            };
            self.batch.push(Received {
                from: from.into(),
                start: at * LARGEST,
                length: message.msg_len as usize,
            });
        }
        Ok(())
    }
}

/// The sending half's memory.
pub struct Sender {
    addresses: Vec<libc::sockaddr_storage>,
    parts: Vec<libc::iovec>,
    controls: Vec<Control>,
    messages: Vec<libc::mmsghdr>,
    /// Off once the system has refused it.
    segmentation: bool,
    /// Datagrams that the system would not take.
    pub refused: u64,
}

// SAFETY: as for `Inbox`.
unsafe impl Send for Sender {}

/// Room for one control message with a 16-bit value, aligned as the kernel wants it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 24]);

impl Default for Sender {
    fn default() -> Sender {
        Sender::new()
    }
}

impl Sender {
    pub fn new() -> Sender {
        Sender {
            // SAFETY: as in `Inbox::new`.
            addresses: vec![unsafe { mem::zeroed() }; BATCH],
            parts: vec![unsafe { mem::zeroed() }; BATCH],
            controls: vec![Control([0; 24]); BATCH],
            messages: vec![unsafe { mem::zeroed() }; BATCH],
            segmentation: true,
            refused: 0,
        }
    }

    /// Sends all datagrams of the outbox and empties it; those that do not go by UDP are given to `streams`. What is not
    /// taken at once is dropped: media that waits is media too late.
    pub fn send(&mut self, socket: &UdpSocket, streams: &mut Streams, outbox: &mut Outbox) {
        let mut at = 0;
        while at < outbox.datagrams().len() {
            let next = outbox.datagrams()[at];
            if !next.to.is_udp() {
                streams.put(next.to, &outbox.bytes()[next.start..next.start + next.length]);
                at += 1;
                continue;
            }
            let datagrams = &outbox.datagrams()[at..];
            let (messages, covered) = self.prepare(datagrams, outbox.bytes());
            let sent = self.submit(socket, messages);
            match sent {
                Ok(sent) if sent == messages => at += covered,
                Ok(sent) => at += self.covered(sent),
                Err(error) if self.segmentation && is_segmentation_refused(&error) => {
                    tracing::info!(%error, "no segmentation offload; sending one by one");
                    self.segmentation = false;
                }
                Err(_) => {
                    let first = self.covered(1);
                    self.refused += first as u64;
                    at += first;
                }
            }
        }
        outbox.clear();
        streams.ring();
    }

    /// Fills the headers; gives how many and how many datagrams they cover.
    fn prepare(&mut self, datagrams: &[Outgoing], bytes: &[u8]) -> (usize, usize) {
        let (mut messages, mut covered) = (0, 0);
        while messages < BATCH && covered < datagrams.len() && datagrams[covered].to.is_udp() {
            let run = if self.segmentation {
                run(&datagrams[covered..])
            } else {
                1
            };
            let first = &datagrams[covered];
            let last = &datagrams[covered + run - 1];
            let length = last.start + last.length - first.start;
            self.parts[messages] = libc::iovec {
                iov_base: bytes[first.start..first.start + length]
                    .as_ptr()
                    .cast_mut()
                    .cast(),
                iov_len: length,
            };
            let name_length = write_address(first.to.address, &mut self.addresses[messages]);
            let header = &mut self.messages[messages].msg_hdr;
            header.msg_name = (&raw mut self.addresses[messages]).cast();
            header.msg_namelen = name_length;
            header.msg_iov = &raw mut self.parts[messages];
            header.msg_iovlen = 1;
            (header.msg_control, header.msg_controllen) = (std::ptr::null_mut(), 0);
            if run > 1 {
                write_segment_size(first.length as u16, &mut self.controls[messages], header);
            }
            messages += 1;
            covered += run;
        }
        (messages, covered)
    }

    fn submit(&mut self, socket: &UdpSocket, messages: usize) -> io::Result<usize> {
        // SAFETY: the first `messages` headers were set by `prepare` to memory that outlives the call.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                messages as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        if sent < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(sent as usize)
        }
    }

    /// How many datagrams the first `messages` headers cover.
    fn covered(&self, messages: usize) -> usize {
        let segments = |at: usize| {
            let header = &self.messages[at].msg_hdr;
            if header.msg_controllen == 0 {
                return 1;
            }
            let size = u16::from_ne_bytes([self.controls[at].0[16], self.controls[at].0[17]]);
            self.parts[at].iov_len.div_ceil(usize::from(size.max(1)))
        };
        (0..messages).map(segments).sum()
    }
}

/// How many datagrams from the first on make one segmented message.
fn run(datagrams: &[Outgoing]) -> usize {
    let first = datagrams[0];
    let mut end = first.start + first.length;
    let mut run = 1;
    for datagram in &datagrams[1..] {
        let previous_is_whole = datagrams[run - 1].length == first.length;
        let fits = datagram.length <= first.length && datagram.start == end;
        if run == LONGEST_RUN || datagram.to != first.to || !fits || !previous_is_whole {
            break;
        }
        end += datagram.length;
        run += 1;
    }
    run
}

fn write_segment_size(size: u16, control: &mut Control, header: &mut libc::msghdr) {
    // SAFETY: `control` is aligned for a cmsghdr and has CMSG_SPACE(2) = 24 bytes.
    unsafe {
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = libc::CMSG_SPACE(2) as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(2) as _;
        std::ptr::copy_nonoverlapping(size.to_ne_bytes().as_ptr(), libc::CMSG_DATA(message), 2);
    }
}

fn write_address(address: SocketAddr, storage: &mut libc::sockaddr_storage) -> libc::socklen_t {
    let pointer: *mut libc::sockaddr_storage = storage;
    // SAFETY: a sockaddr_storage is large enough and aligned for either kind of address.
    unsafe {
        match address {
            SocketAddr::V4(v4) => {
                let to = &mut *pointer.cast::<libc::sockaddr_in>();
                to.sin_family = libc::AF_INET as libc::sa_family_t;
                to.sin_port = v4.port().to_be();
                to.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                size_of::<libc::sockaddr_in>() as libc::socklen_t
            }
            SocketAddr::V6(v6) => {
                let to = &mut *pointer.cast::<libc::sockaddr_in6>();
                to.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                to.sin6_port = v6.port().to_be();
                to.sin6_flowinfo = v6.flowinfo();
                to.sin6_scope_id = v6.scope_id();
                to.sin6_addr.s6_addr = v6.ip().octets();
                size_of::<libc::sockaddr_in6>() as libc::socklen_t
            }
        }
    }
}

pub(super) fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let pointer: *const libc::sockaddr_storage = storage;
    // SAFETY: the family says which kind of address the kernel has written.
    unsafe {
        match i32::from(storage.ss_family) {
            libc::AF_INET => {
                let from = &*pointer.cast::<libc::sockaddr_in>();
                let ip = Ipv4Addr::from(from.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddrV4::new(ip, u16::from_be(from.sin_port)).into())
            }
            libc::AF_INET6 => {
                let from = &*pointer.cast::<libc::sockaddr_in6>();
                let ip = Ipv6Addr::from(from.sin6_addr.s6_addr);
                let port = u16::from_be(from.sin6_port);
                Some(SocketAddrV6::new(ip, port, from.sin6_flowinfo, from.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

/// Nothing there, interrupted, or an earlier datagram of ours was answered by "port unreachable".
fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, WouldBlock};
    matches!(
        error.kind(),
        WouldBlock | Interrupted | ConnectionRefused | ConnectionReset
    )
}

/// EIO: the interface cannot segment or checksum; EINVAL: the kernel does not know the option.
fn is_segmentation_refused(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EINVAL | libc::EOPNOTSUPP)
    )
}

/// Larger than any packet on an Ethernet, so that a truncated one is recognised.
const LARGEST: usize = 2048;
/// Longer runs arrive as bursts that small routers drop.
const LONGEST_RUN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UdpSocket, UdpSocket, SocketAddr) {
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        receiver
            .set_read_timeout(Some(std::time::Duration::from_secs(5)))
            .unwrap();
        let to = receiver.local_addr().unwrap();
        (sender, receiver, to)
    }

    /// Runs of equal size, a shorter last one, a longer one after it, and two addresses.
    #[test]
    fn every_datagram_arrives_whole_and_in_order() {
        let (sender, receiver, to) = pair();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut outbox = Outbox::with_room_for(128);
        let sizes: Vec<usize> = [1000; 10].into_iter().chain([400, 1200, 1200, 7]).collect();
        for (at, size) in sizes.iter().enumerate() {
            assert!(outbox.push(to.into(), &vec![at as u8; *size]));
        }
        assert!(outbox.push(other.local_addr().unwrap().into(), &[9; 7]));
        Sender::new().send(&sender, &mut Streams::default(), &mut outbox);
        assert!(outbox.datagrams().is_empty());
        let mut buffer = [0; 2000];
        for (at, size) in sizes.iter().enumerate() {
            let length = receiver.recv(&mut buffer).unwrap();
            assert_eq!((length, buffer[0]), (*size, at as u8));
        }
        assert_eq!(other.recv(&mut buffer).unwrap(), 7);
    }

    #[test]
    fn takes_what_is_there_and_says_from_whom() {
        let (sender, receiver, to) = pair();
        let mut inbox = Inbox::new();
        inbox.receive(&receiver).unwrap();
        assert!(inbox.batch.is_empty());
        sender.send_to(&[1, 2, 3], to).unwrap();
        sender.send_to(&[4], to).unwrap();
        while inbox.batch.is_empty() {
            inbox.receive(&receiver).unwrap();
        }
        let first = inbox.batch[0];
        assert_eq!(first.from, sender.local_addr().unwrap().into());
        assert_eq!(inbox.storage[first.start..first.start + first.length], [1, 2, 3]);
    }
}
