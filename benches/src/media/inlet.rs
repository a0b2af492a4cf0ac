//! One socket that takes what comes to thousands of addresses: every viewer has one of its own in 127/8, all have one port.
//!
//! Runs that a sender left to the system to segment come whole, as they reach a network card that segments them; each is
//! stamped by the kernel as it arrives, so a load that waits for a core does not count its own wait.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use anyhow::{Context, Result};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Socket, Type};

pub struct Inlet {
    socket: UdpSocket,
    state: UdpSocketState,
    storage: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
}

/// A datagram as it came.
pub struct Arrived<'a> {
    /// Whose it is, by [`address`].
    pub number: usize,
    /// In microseconds since the Unix epoch.
    pub at_us: u64,
    pub bytes: &'a mut [u8],
}

impl Inlet {
    /// Takes what comes to `port` at any address.
    ///
    /// # Errors
    /// The port is taken.
    pub fn open(port: u16) -> Result<Inlet> {
        let socket = bind((Ipv4Addr::UNSPECIFIED, port).into())?;
        let state = UdpSocketState::new((&socket).into())?;
        hold(&socket)?;
        let length = LARGEST * state.gro_segments();
        Ok(Inlet {
            socket,
            state,
            storage: vec![vec![0; length]; BATCH_SIZE],
            metas: vec![RecvMeta::default(); BATCH_SIZE],
        })
    }

    /// Hands `each` what is there, after waiting up to 5 ms for it; gives how many datagrams came.
    ///
    /// # Errors
    /// The socket fails.
    pub fn receive(&mut self, mut each: impl FnMut(Arrived<'_>)) -> Result<usize> {
        let mut polled = libc::pollfd {
            fd: self.socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: the pointer is to one live structure.
        unsafe { libc::poll(&raw mut polled, 1, 5) };
        let mut parts: Vec<IoSliceMut<'_>> = self
            .storage
            .iter_mut()
            .map(|part| IoSliceMut::new(part))
            .collect();
        let came = match self
            .state
            .recv((&self.socket).into(), &mut parts, &mut self.metas)
        {
            Ok(came) => came,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        let mut datagrams = 0;
        for (meta, run) in self.metas[..came].iter().zip(&mut self.storage) {
            let Some(IpAddr::V4(to)) = meta.dst_ip else {
                continue;
            };
            let stamp = meta.timestamp.context("a stamp of the kernel")?;
            for bytes in run[..meta.len].chunks_mut(meta.stride.max(1)) {
                datagrams += 1;
                each(Arrived {
                    number: to.to_bits().wrapping_sub(FIRST) as usize,
                    at_us: stamp.as_micros() as u64,
                    bytes,
                });
            }
        }
        Ok(datagrams)
    }

    /// Sends as viewer `number`. What the system will not take is lost, as networks lose things.
    pub fn send(&self, number: usize, to: SocketAddr, bytes: &[u8]) {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: bytes,
            segment_size: None,
            src_ip: Some(address(number, 0).ip()),
        };
        let _ = self.state.try_send((&self.socket).into(), &transmit);
    }
}

/// A port that nobody has now.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16> {
    Ok(UdpSocket::bind("0.0.0.0:0")?.local_addr()?.port())
}

/// The address of viewer `number` at `port`.
pub fn address(number: usize, port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from_bits(FIRST + number as u32).into(), port)
}

/// Where publishers send from: at any free port, beside the viewers.
pub fn publishers() -> SocketAddr {
    address(0xffff, 0)
}

/// A socket at a port that others have at other addresses; whoever is connected takes what comes to them.
///
/// # Errors
/// The address is taken.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Lets the socket hold what comes while its thread waits for a core: beyond the system's limit where that is allowed.
fn hold(socket: &UdpSocket) -> Result<()> {
    let size: libc::c_int = 256 << 20;
    let set = |option| {
        // SAFETY: the option takes an integer of that size.
        let failed = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const size).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        if failed == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    };
    Ok(set(libc::SO_RCVBUFFORCE).or_else(|_| set(libc::SO_RCVBUF))?)
}

/// 127.1.0.0
const FIRST: u32 = 0x7f01_0000;
/// No packet of ours is larger.
const LARGEST: usize = 1500;
