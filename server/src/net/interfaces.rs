//! The addresses by which this machine can be reached.

use std::net::{IpAddr, SocketAddr};

use super::socket::read_address;

/// Every address of an interface that is up, in `like`'s family; loopback last, because Firefox
/// sends nothing to it, and without link-local ones, which need a scope that candidates cannot carry.
pub fn addresses(like: SocketAddr) -> Vec<IpAddr> {
    let mut found = system_addresses();
    found.retain(|ip| ip.is_ipv4() == like.is_ipv4() && !is_link_local(ip));
    found.sort_by_key(|ip| (ip.is_loopback(), *ip));
    found.dedup();
    found
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn system_addresses() -> Vec<IpAddr> {
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: `list` receives a list that freeifaddrs releases below.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut next = list;
    // SAFETY: the list is walked to its null end; each entry is valid until freeifaddrs.
    while let Some(entry) = unsafe { next.as_ref() } {
        let is_up = entry.ifa_flags & libc::IFF_UP as u32 != 0;
        if is_up && !entry.ifa_addr.is_null() {
            // SAFETY: the address is as long as its family says, and read no further than that.
            found.extend(unsafe { copied(entry.ifa_addr) }.map(|address| address.ip()));
        }
        next = entry.ifa_next;
    }
    // SAFETY: `list` came from getifaddrs and is not used afterwards.
    unsafe { libc::freeifaddrs(list) };
    found
}

/// # Safety
/// `address` points to an address as long as its family says.
unsafe fn copied(address: *const libc::sockaddr) -> Option<SocketAddr> {
    // SAFETY: every address begins with its family; the copy is no longer than the family's structure,
    // and zero bytes are a valid sockaddr_storage.
    unsafe {
        let length = match i32::from((*address).sa_family) {
            libc::AF_INET => size_of::<libc::sockaddr_in>(),
            libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
            _ => return None,
        };
        let mut storage: libc::sockaddr_storage = std::mem::zeroed();
        std::ptr::copy_nonoverlapping(address.cast::<u8>(), (&raw mut storage).cast::<u8>(), length);
        read_address(&storage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_stands_last() {
        let found = addresses(SocketAddr::from(([0, 0, 0, 0], 0)));
        assert!(found.iter().all(IpAddr::is_ipv4));
        assert!(found.last().is_some_and(IpAddr::is_loopback), "{found:?}");
    }
}
