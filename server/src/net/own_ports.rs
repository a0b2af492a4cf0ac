//! Whether the media ports of this machine answer at the addresses that candidates name: asked as a browser asks, so that who
//! reaches none of them can be told on whose side that is.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtc_stun::attributes::ATTR_USERNAME;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// What answered; nothing where a description names no such candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnPorts {
    /// A check of ICE was answered by the seat that it was for.
    pub udp: Option<bool>,
    /// A connection was taken.
    pub tcp: Option<bool>,
}

/// Asks every candidate of one of our descriptions, while its seat is there. Takes three seconds at most.
///
/// Addresses of the loopback count only where there are no others: nobody else comes by them.
pub async fn ask(description: &str) -> OwnPorts {
    let named = Named::read(description);
    let of = |is_udp: bool| {
        let candidates = named.candidates.iter().filter(|one| one.is_udp == is_udp);
        let all: Vec<SocketAddr> = candidates.map(|one| one.address).collect();
        let outside: Vec<SocketAddr> = all
            .iter()
            .copied()
            .filter(|one| !one.ip().is_loopback())
            .collect();
        if outside.is_empty() { all } else { outside }
    };
    let (over_udp, over_tcp) = (of(true), of(false));
    let udp = over_udp.iter().map(|address| answers_check(*address, &named));
    let tcp = over_tcp.iter().map(|address| takes_connection(*address));
    let (udp, tcp) = tokio::join!(futures::future::join_all(udp), futures::future::join_all(tcp));
    let any = |answers: Vec<bool>| (!answers.is_empty()).then(|| answers.contains(&true));
    OwnPorts {
        udp: any(udp),
        tcp: any(tcp),
    }
}

/// What a description of ours says of the way to it.
struct Named<'d> {
    user_fragment: &'d str,
    password: &'d str,
    candidates: Vec<Candidate>,
}

struct Candidate {
    is_udp: bool,
    address: SocketAddr,
}

impl<'d> Named<'d> {
    fn read(description: &'d str) -> Named<'d> {
        let value = |key: &str| description.lines().find_map(|line| line.strip_prefix(key));
        let candidates = description
            .lines()
            .filter_map(|line| line.strip_prefix("a=candidate:"));
        Named {
            user_fragment: value("a=ice-ufrag:").unwrap_or_default(),
            password: value("a=ice-pwd:").unwrap_or_default(),
            candidates: candidates.filter_map(candidate).collect(),
        }
    }
}

/// RFC 8839 section 5.1: foundation, component, transport, priority, address, port.
fn candidate(text: &str) -> Option<Candidate> {
    let mut words = text.split(' ').skip(2);
    let is_udp = words.next()?.eq_ignore_ascii_case("udp");
    let ip: IpAddr = words.nth(1)?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(Candidate {
        is_udp,
        address: SocketAddr::new(ip, port),
    })
}

async fn takes_connection(address: SocketAddr) -> bool {
    matches!(timeout(PATIENCE, TcpStream::connect(address)).await, Ok(Ok(_)))
}

async fn answers_check(address: SocketAddr, named: &Named<'_>) -> bool {
    let asked = async {
        let any = match address {
            SocketAddr::V4(_) => "0.0.0.0:0",
            SocketAddr::V6(_) => "[::]:0",
        };
        let socket = UdpSocket::bind(any).await.ok()?;
        socket.connect(address).await.ok()?;
        let request = check(named)?;
        let mut datagram = [0; 1_500];
        loop {
            // The system may still say of an earlier one that nobody took it.
            let _ = socket.send(&request.raw).await;
            let Ok(Ok(length)) = timeout(AGAIN, socket.recv(&mut datagram)).await else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            let mut answer = Message::new();
            let is_read = answer.unmarshal_binary(&datagram[..length]).is_ok();
            if is_read && answer.typ == BINDING_SUCCESS && answer.transaction_id == request.transaction_id {
                return Some(());
            }
        }
    };
    matches!(timeout(PATIENCE, asked).await, Ok(Some(())))
}

/// A check that nominates nothing.
fn check(named: &Named<'_>) -> Option<Message> {
    let crypto = rtc_crypto::default_provider().ok()?;
    let mut message = Message::new();
    message.set_type(BINDING_REQUEST);
    message.new_transaction_id().ok()?;
    message.write_header();
    message.add(
        ATTR_USERNAME,
        format!("{}:{OWN_FRAGMENT}", named.user_fragment).as_bytes(),
    );
    MessageIntegrity::new_short_term_integrity_with_provider(named.password.to_owned(), crypto.crypto())
        .add_to(&mut message)
        .ok()?;
    FINGERPRINT.add_to(&mut message).ok()?;
    Some(message)
}

/// What stands for the other end's half of the user name: four characters at least (RFC 8839 section 5.4).
const OWN_FRAGMENT: &str = "self";
const PATIENCE: Duration = Duration::from_secs(3);
/// Before a check is sent once more.
const AGAIN: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::media::{ParticipantId, RoomId};
    use crate::net::{Config, Media, Renewal, SlotPool};
    use uuid::Uuid;

    async fn asked(advertise: IpAddr, tcp_port: u16) -> OwnPorts {
        let media = Media::start(Config {
            bind: (Ipv4Addr::UNSPECIFIED, 0).into(),
            advertise: vec![advertise],
            tcp_ports: vec![tcp_port],
            ..Config::default()
        })
        .unwrap();
        let (room, _events) = media.open(RoomId(Uuid::from_u128(1))).await.unwrap();
        let seat = room.join(ParticipantId(Uuid::from_u128(2))).await.unwrap();
        let offer = seat.subscribe(SlotPool { seats: 1 }, Renewal::Grow).await;
        ask(&offer.unwrap()).await
    }

    #[tokio::test]
    async fn tells_ports_that_answer_from_those_that_do_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let here = Ipv4Addr::LOCALHOST.into();
        let both = OwnPorts {
            udp: Some(true),
            tcp: Some(true),
        };
        assert_eq!(asked(here, port).await, both);
        drop(listener);
        let udp_alone = OwnPorts {
            udp: Some(true),
            tcp: Some(false),
        };
        assert_eq!(asked(here, port).await, udp_alone);
        // An address that nobody has (RFC 5737).
        let nowhere = asked("192.0.2.7".parse().unwrap(), port).await;
        assert_eq!(nowhere.udp, Some(false));
    }
}
