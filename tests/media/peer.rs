//! A simulated client on virtual time: ICE controlling, DTLS client, SRTP both ways, no clock, no socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hoian_server::media::mixing::{MOST_STREAMS, Mixing};
use hoian_server::media::relay::{Crossing, Mailboxes, ShardId};
use hoian_server::media::rtp::{self, Outgoing};
use hoian_server::media::sfu::{BATCH, Crossed, Progress, Received, Settings, Sfu};
use hoian_server::media::stats::Drop;
use hoian_server::media::transport::Protocol;
use hoian_server::media::transport::dtls::Identity;
use hoian_server::media::transport::outbox::{MAXIMUM_DATAGRAM, Outbox};
use hoian_server::media::transport::path::Path;
use hoian_server::media::transport::srtp::{self, Opener, Profile, Sealer};
use hoian_server::media::{ParticipantId, Source};
use hoian_server::net::ring::{Consumer, Producer};
use rand::SeedableRng;
use rand::rngs::StdRng;
use ring::digest;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_stun::attributes::{ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, Message, Setter};

pub const MICROPHONE: u32 = 1111;
pub const CAMERA: u32 = 2222;
pub const CAMERA_REPAIR: u32 = 3333;
const SERVER: &str = "10.0.0.1:8081";

/// The SFU alone, with its memory and a clock that only the test moves.
pub struct World {
    pub sfu: Sfu,
    pub now: Instant,
    pub outbox: Outbox,
    storage: Vec<u8>,
    /// The way to another shard, where a room spans it.
    pub far: Option<Far>,
    /// What the SFU has sent and nobody has taken.
    pub sent: Vec<(SocketAddr, Vec<u8>)>,
    /// What came from the other shard for a recording.
    pub taken: Vec<(ParticipantId, Source)>,
    /// Here a room's voices are mixed.
    pub mixing: Option<Mixing>,
}

/// Both rings between a shard and another one.
pub struct Far {
    pub shard: ShardId,
    pub out: Producer,
    pub back: Consumer,
    batch: Vec<Crossed>,
    storage: Vec<u8>,
}

impl Far {
    pub fn new(shard: ShardId, out: Producer, back: Consumer) -> Far {
        Far {
            shard,
            out,
            back,
            batch: Vec::with_capacity(BATCH),
            storage: vec![0; BATCH * MAXIMUM_DATAGRAM],
        }
    }
}

impl Mailboxes for Far {
    fn room(&self, _: ShardId) -> usize {
        self.out.room()
    }

    fn put(&mut self, to: ShardId, crossing: &Crossing, bytes: &[u8]) -> bool {
        assert_eq!(to, self.shard);
        self.out.put(crossing, bytes)
    }
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "virtual time must begin somewhere")]
    pub fn new(seed: u64) -> World {
        let settings = Settings {
            shard: ShardId(0),
            tcp_addresses: Vec::new(),
            addresses: vec![SERVER.parse().unwrap()],
            publisher_bitrate_kbps: 2_500,
            playout_delay: None,
        };
        World {
            sfu: Sfu::new(
                settings,
                Identity::generate().unwrap(),
                StdRng::seed_from_u64(seed),
            ),
            now: Instant::now(),
            outbox: Outbox::with_room_for(256),
            storage: vec![0; MAXIMUM_DATAGRAM],
            far: None,
            sent: Vec::new(),
            taken: Vec::new(),
            mixing: None,
        }
    }

    /// One datagram through the SFU; what comes out is kept in `sent`.
    pub fn deliver(&mut self, from: impl Into<Path>, datagram: &[u8]) {
        self.pass(from, datagram);
        self.collect();
    }

    /// The packet path alone: nothing here allocates but what the SFU itself would.
    pub fn pass(&mut self, from: impl Into<Path>, datagram: &[u8]) {
        self.outbox.clear();
        self.storage[..datagram.len()].copy_from_slice(datagram);
        let received = Received {
            from: from.into(),
            start: 0,
            length: datagram.len(),
        };
        self.sfu
            .receive(self.now, &mut self.storage, &[received], &mut self.outbox);
        if let Some(far) = &mut self.far {
            self.sfu.cross(&self.storage, far);
        }
        while self.sfu.forward(self.now, &self.storage, &mut self.outbox) == Progress::More {}
    }

    /// Takes what the other shard has put into its ring, a batch at a time; `true` where there was something.
    pub fn take_crossed(&mut self) -> bool {
        let Some(far) = &mut self.far else { return false };
        far.batch.clear();
        while far.batch.len() < BATCH {
            let start = far.batch.len() * MAXIMUM_DATAGRAM;
            let (from, storage) = (far.shard, &mut far.storage);
            let crossed = far.back.take(|crossing, bytes| {
                storage[start..start + bytes.len()].copy_from_slice(bytes);
                Crossed {
                    from,
                    crossing: *crossing,
                    start,
                    length: bytes.len(),
                }
            });
            let Some(crossed) = crossed else { break };
            far.batch.push(crossed);
        }
        self.outbox.clear();
        self.sfu
            .receive_crossed(self.now, &far.storage, &far.batch, &mut self.outbox);
        for (_, taken) in self.sfu.taken(&far.storage) {
            self.taken.push((taken.participant, taken.source));
            if let Some(mixing) = &mut self.mixing {
                mixing.take(self.now, &taken);
            }
        }
        while self.sfu.forward(self.now, &far.storage, &mut self.outbox) == Progress::More {}
        let is_any = !far.batch.is_empty();
        self.sfu.cross(&[], far);
        is_any
    }

    /// Moves time on by ticks of the SFU.
    pub fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(tick) = self.sfu.next_tick().filter(|tick| *tick <= until) {
            self.now = tick;
            self.outbox.clear();
            self.sfu.tick(self.now, &mut self.outbox);
            if let Some(far) = &mut self.far {
                self.sfu.cross(&[], far);
            }
            self.collect();
        }
        self.now = until;
    }

    /// What the thread that mixes does again and again.
    pub fn mix(&mut self) {
        let World {
            sfu,
            now,
            outbox,
            far: Some(far),
            mixing: Some(mixing),
            ..
        } = self
        else {
            return;
        };
        mixing.serve(*now, MOST_STREAMS, sfu, outbox);
        mixing.send(*now, sfu, |sfu, storage| sfu.cross(storage, far));
        sfu.tick(*now, outbox);
        sfu.cross(&[], far);
    }

    pub fn collect(&mut self) {
        for datagram in self.outbox.datagrams() {
            let bytes = &self.outbox.bytes()[datagram.start..datagram.start + datagram.length];
            self.sent.push((datagram.to.address, bytes.to_vec()));
        }
        self.outbox.clear();
    }

    pub fn take_for(&mut self, address: SocketAddr) -> Vec<Vec<u8>> {
        let (theirs, others) = self.sent.drain(..).partition(|(to, _)| *to == address);
        self.sent = others;
        let theirs: Vec<(SocketAddr, Vec<u8>)> = theirs;
        theirs.into_iter().map(|(_, bytes)| bytes).collect()
    }
}

/// One connection of a client.
pub struct Peer {
    pub address: SocketAddr,
    fragment: String,
    crypto: Arc<dyn RTCCryptoProvider>,
    certificate: Certificate,
    profile: SrtpProtectionProfile,
    /// Datagrams of the handshake are no longer than this.
    mtu: usize,
    endpoint: Option<Endpoint>,
    remote: Option<(String, String)>,
    pub keys: Option<(Opener, Sealer)>,
    /// Its answers take the transport-wide sequence number.
    pub reports_arrivals: bool,
    /// Its answers take no RED.
    pub lacks_redundancy: bool,
}

impl Peer {
    pub fn new(port: u16, profile: SrtpProtectionProfile, mtu: usize) -> Peer {
        let crypto = rtc_crypto::default_provider().unwrap();
        let certificate =
            Certificate::generate_self_signed(vec!["peer".to_owned()], crypto.crypto()).unwrap();
        Peer {
            address: SocketAddr::from(([10, 0, 0, 2], port)),
            fragment: format!("peer{port}"),
            crypto,
            certificate,
            profile,
            mtu,
            endpoint: None,
            remote: None,
            keys: None,
            reports_arrivals: false,
            lacks_redundancy: false,
        }
    }

    pub fn gcm(port: u16) -> Peer {
        Peer::new(port, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, 1200)
    }

    /// An offer of a microphone (mid 0) and a camera (mid 1).
    pub fn offer(&self) -> String {
        let transport = self.transport("actpass");
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 109\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
             a=rtpmap:109 opus/48000/2\r\na=extmap:3 {level}\r\na=ssrc:{MICROPHONE} cname:x\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 120 124\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
             a=rtpmap:120 VP8/90000\r\na=rtpmap:124 rtx/90000\r\na=fmtp:124 apt=120\r\n\
             a=ssrc-group:FID {CAMERA} {CAMERA_REPAIR}\r\na=ssrc:{CAMERA} cname:x\r\na=ssrc:{CAMERA_REPAIR} cname:x\r\n",
            level = hoian_server::media::sdp::AUDIO_LEVEL,
        )
    }

    /// An offer of a monitor: one sound (mid `sound`) and one picture (mid `picture`), by numbers that nobody else uses.
    pub fn offer_to_watch(&self) -> String {
        let transport = self.transport("actpass");
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE sound picture\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 63\r\nc=IN IP4 0.0.0.0\r\na=mid:sound\r\n{transport}a=recvonly\r\na=rtcp-mux\r\n\
             a=rtpmap:63 opus/48000/2\r\na=extmap:9 {twcc}\r\na=rtcp-fb:63 transport-cc\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 99 100 101\r\nc=IN IP4 0.0.0.0\r\na=mid:picture\r\n{transport}a=recvonly\r\na=rtcp-mux\r\n\
             a=rtpmap:99 VP9/90000\r\na=fmtp:99 profile-id=2\r\na=rtpmap:100 VP8/90000\r\na=rtcp-fb:100 nack\r\na=rtcp-fb:100 nack pli\r\n\
             a=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=100\r\na=extmap:9 {twcc}\r\na=rtcp-fb:100 transport-cc\r\n",
            twcc = hoian_server::media::sdp::TRANSPORT_CC,
        )
    }

    /// Takes every section of an offer.
    pub fn answer(&self, offer: &str) -> String {
        let transport = self.transport("active");
        let mut answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned();
        for line in offer.lines() {
            if self.lacks_redundancy && (line.contains(":63 ") || line.starts_with("m=audio")) {
                if line.starts_with("m=") {
                    let line = line.trim_end_matches(" 63");
                    answer += &format!("{line}\r\nc=IN IP4 0.0.0.0\r\n{transport}a=recvonly\r\n");
                }
            } else if line.starts_with("m=") {
                answer += &format!("{line}\r\nc=IN IP4 0.0.0.0\r\n{transport}a=recvonly\r\n");
            } else if ["a=mid", "a=rtpmap", "a=fmtp", "a=group"]
                .iter()
                .any(|kept| line.starts_with(kept))
                || (self.reports_arrivals
                    && (line.contains("transport-cc") || line.contains("transport-wide-cc")))
            {
                answer += &format!("{line}\r\n");
            }
        }
        answer
    }

    pub fn transport(&self, setup: &str) -> String {
        let hash = digest::digest(&digest::SHA256, self.certificate.certificate[0].as_ref());
        let hash: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!(
            "a=ice-ufrag:{}\r\na=ice-pwd:passwordpasswordpassword\r\na=fingerprint:sha-256 {}\r\na=setup:{setup}\r\n",
            self.fragment,
            hash.join(":")
        )
    }

    /// Learns the server's credentials from its description.
    pub fn learn(&mut self, description: &str) {
        let value = |key: &str| {
            description
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .unwrap_or_default()
                .to_owned()
        };
        self.remote = Some((value("a=ice-ufrag:"), value("a=ice-pwd:")));
    }

    /// A check that nominates, with the right password or another.
    pub fn check(&self, password: Option<&str>) -> Vec<u8> {
        let (fragment, right) = self.remote.clone().unwrap();
        let mut message = Message::new();
        message.set_type(BINDING_REQUEST);
        message.new_transaction_id().unwrap();
        message.write_header();
        message.add(ATTR_USERNAME, format!("{fragment}:{}", self.fragment).as_bytes());
        message.add(ATTR_USE_CANDIDATE, &[]);
        let password = password.map_or(right, str::to_owned);
        MessageIntegrity::new_short_term_integrity_with_provider(password, self.crypto.crypto())
            .add_to(&mut message)
            .unwrap();
        FINGERPRINT.add_to(&mut message).unwrap();
        message.raw
    }

    pub fn remote(&self) -> Option<(String, String)> {
        self.remote.clone()
    }

    pub fn set_remote(&mut self, remote: Option<(String, String)>) {
        self.remote = remote;
    }

    /// Proves its address and begins the handshake.
    pub fn begin(&mut self, world: &mut World) {
        self.begin_quietly(world);
        self.flush(world);
    }

    /// The same, but the ClientHello is left for [`Self::outgoing`].
    pub fn begin_quietly(&mut self, world: &mut World) {
        world.deliver(self.address, &self.check(None));
        let config = ConfigBuilder::default()
            .with_crypto_provider(self.crypto.clone())
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![self.profile])
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_mtu(self.mtu)
            .build(true, Some(SERVER.parse().unwrap()))
            .unwrap();
        let mut endpoint = Endpoint::new(self.address, TransportProtocol::UDP, None);
        endpoint
            .connect(world.now, SERVER.parse().unwrap(), Arc::new(config), None)
            .unwrap();
        self.endpoint = Some(endpoint);
    }

    /// Passes datagrams both ways until nothing moves; gives the media that came, opened.
    pub fn run(&mut self, world: &mut World) -> Vec<Vec<u8>> {
        let mut media = Vec::new();
        loop {
            let datagrams = world.take_for(self.address);
            if datagrams.is_empty() {
                return media;
            }
            for datagram in datagrams {
                match Protocol::of(&datagram) {
                    Some(Protocol::Dtls) => self.handshake(world, &datagram),
                    Some(Protocol::Rtp) => media.push(self.open_rtp(datagram)),
                    Some(Protocol::Rtcp) => media.push(self.open_rtcp(datagram)),
                    _ => {}
                }
            }
        }
    }

    /// Handshake datagrams that go out, for a test that delivers them itself.
    pub fn outgoing(&mut self) -> Vec<BytesMut> {
        let endpoint = self.endpoint.as_mut().unwrap();
        std::iter::from_fn(|| endpoint.poll_transmit())
            .map(|transmit| transmit.message)
            .collect()
    }

    /// Sends a packet of `ssrc`, sealed.
    pub fn sealed(&self, header: Outgoing, index: u64, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; rtp::HEADER_LENGTH + payload.len() + srtp::OVERHEAD];
        header.write(bytes.first_chunk_mut().unwrap());
        bytes[rtp::HEADER_LENGTH..rtp::HEADER_LENGTH + payload.len()].copy_from_slice(payload);
        let (_, sealer) = self.keys.as_ref().expect("the handshake is complete");
        let length = sealer
            .seal_rtp(
                &mut bytes,
                rtp::HEADER_LENGTH,
                rtp::HEADER_LENGTH + payload.len(),
                header.ssrc,
                index,
            )
            .unwrap();
        bytes.truncate(length);
        bytes
    }

    pub fn sealed_rtcp(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut bytes = plain.to_vec();
        bytes.resize(plain.len() + srtp::OVERHEAD, 0);
        let (_, sealer) = self.keys.as_mut().expect("the handshake is complete");
        let length = sealer.seal_rtcp(&mut bytes, plain.len()).unwrap();
        bytes.truncate(length);
        bytes
    }

    fn handshake(&mut self, world: &mut World, datagram: &[u8]) {
        let server: SocketAddr = SERVER.parse().unwrap();
        let endpoint = self.endpoint.as_mut().unwrap();
        let events = endpoint
            .read(world.now, server, None, datagram.into())
            .unwrap_or_default();
        if events
            .iter()
            .any(|event| matches!(event, EndpointEvent::HandshakeComplete))
        {
            let profile = match self.profile {
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::AeadAes128Gcm,
                _ => Profile::Aes128CmHmacSha1_80,
            };
            let state = endpoint.get_connection_state(server).unwrap();
            let material = state
                .export_keying_material(srtp::EXPORTER_LABEL, &[], profile.keying_material_length())
                .unwrap();
            self.keys = srtp::contexts(profile, material.as_ref(), false);
        }
        self.flush(world);
    }

    fn flush(&mut self, world: &mut World) {
        for datagram in self.outgoing() {
            world.deliver(self.address, &datagram);
        }
    }

    fn open_rtp(&mut self, datagram: Vec<u8>) -> Vec<u8> {
        self.open_once(datagram).expect("sealed for us")
    }

    /// Nothing for a copy of what came before.
    pub fn open_once(&mut self, mut datagram: Vec<u8>) -> Option<Vec<u8>> {
        let header = rtp::Header::parse(&datagram).unwrap();
        let (opener, _) = self.keys.as_mut().expect("media comes after keys");
        match opener.open_rtp(&mut datagram, &header) {
            Ok((_, length)) => datagram.truncate(length),
            Err(Drop::Replayed) => return None,
            Err(reason) => panic!("not sealed for us: {reason:?}"),
        }
        Some(datagram)
    }

    pub fn open_rtcp(&mut self, mut datagram: Vec<u8>) -> Vec<u8> {
        let (opener, _) = self.keys.as_mut().expect("media comes after keys");
        let length = opener.open_rtcp(&mut datagram).expect("sealed for us");
        datagram.truncate(length);
        datagram
    }
}
