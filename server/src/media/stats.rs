//! What is counted: packets in and out, every drop under its reason, and what is known of each site.

use std::fmt::Write as _;
use std::time::Duration;

use super::mixing::Counted;
use super::name::{MixedSound, ParticipantId, RoomId, Source};
use super::transport::path::Path;

/// Why bytes from the network went no further. Nothing is logged per packet; it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drop {
    /// None of STUN, DTLS, RTP or RTCP by its first byte (RFC 7983).
    NotOurs,
    /// Media or DTLS from an address that no STUN check has proven.
    UnknownAddress,
    /// A STUN message that is malformed or for nobody here.
    StrayStun,
    /// STUN integrity, SRTP tag or DTLS record does not verify.
    Forged,
    Replayed,
    Truncated,
    /// More SSRCs than one connection may have.
    TooManyStreams,
    /// An SSRC that no description has announced.
    UnknownStream,
    /// Muted by the conference: decrypted, counted, not forwarded.
    Muted,
    /// Media before DTLS has given keys.
    NoKeys,
    /// DTLS ahead of the other end's description, beyond what is held for it.
    HeldTooMuch,
    /// An RTCP compound that ends too soon.
    MalformedFeedback,
    /// The outgoing slab is full.
    NoRoom,
    /// A viewer's line is so much too slow that the packets waiting for it fill the queue.
    TooManyWait,
    /// Its time to leave came when the slot already showed something else, or it had left the cache.
    Overtaken,
    /// RED whose blocks do not agree with its length.
    MalformedRedundancy,
    /// A repetition asked for again before it can have come, or beyond what the line takes.
    RepeatedTooMuch,
    /// A publisher's probe that repeats nothing.
    Padding,
    /// Another shard that the room spans did not take it in time.
    ShardBusy,
    /// Through a relay that was given out for another seat.
    OthersSeat,
}

impl Drop {
    pub const ALL: [Drop; REASONS] = [
        Drop::NotOurs,
        Drop::UnknownAddress,
        Drop::StrayStun,
        Drop::Forged,
        Drop::Replayed,
        Drop::Truncated,
        Drop::TooManyStreams,
        Drop::UnknownStream,
        Drop::Muted,
        Drop::NoKeys,
        Drop::HeldTooMuch,
        Drop::MalformedFeedback,
        Drop::NoRoom,
        Drop::TooManyWait,
        Drop::Overtaken,
        Drop::MalformedRedundancy,
        Drop::RepeatedTooMuch,
        Drop::Padding,
        Drop::ShardBusy,
        Drop::OthersSeat,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Drop::NotOurs => "not_ours",
            Drop::UnknownAddress => "unknown_address",
            Drop::StrayStun => "stray_stun",
            Drop::Forged => "forged",
            Drop::Replayed => "replayed",
            Drop::Truncated => "truncated",
            Drop::TooManyStreams => "too_many_streams",
            Drop::UnknownStream => "unknown_stream",
            Drop::Muted => "muted",
            Drop::NoKeys => "no_keys",
            Drop::HeldTooMuch => "held_too_much",
            Drop::MalformedFeedback => "malformed_feedback",
            Drop::NoRoom => "no_room",
            Drop::TooManyWait => "too_many_wait",
            Drop::Overtaken => "overtaken",
            Drop::MalformedRedundancy => "malformed_redundancy",
            Drop::RepeatedTooMuch => "repeated_too_much",
            Drop::Padding => "padding",
            Drop::ShardBusy => "shard_busy",
            Drop::OthersSeat => "others_seat",
        }
    }
}

const REASONS: usize = Drop::OthersSeat as usize + 1;

/// Drops under their reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drops([u64; REASONS]);

impl Drops {
    pub fn count(&mut self, reason: Drop) {
        self.0[reason as usize] += 1;
    }

    pub fn add(&mut self, other: &Drops) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }

    pub fn of(&self, reason: Drop) -> u64 {
        self.0[reason as usize]
    }

    /// Those that have happened.
    pub fn happened(&self) -> impl Iterator<Item = (Drop, u64)> {
        Drop::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

/// Counters of one shard since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub received_packets: u64,
    pub forwarded_packets: u64,
    pub retransmitted_packets: u64,
    /// Asked for again by a viewer, but no longer in the cache.
    pub retransmission_misses: u64,
    pub key_frame_requests: u64,
    /// Sent to learn what a line carries.
    pub probe_packets: u64,
    /// Taken from other shards.
    pub crossed_packets: u64,
    /// Not written, because whoever reads them over TCP is too slow; counted where the connections are.
    pub slow_packets: u64,
    dropped: Drops,
}

impl Stats {
    /// What is counted outside of the shards, alone.
    pub fn of_slow(slow_packets: u64) -> Stats {
        Stats {
            slow_packets,
            ..Stats::default()
        }
    }

    pub fn count(&mut self, reason: Drop) {
        self.dropped.count(reason);
    }

    /// Adds what another shard has counted.
    pub fn add(&mut self, other: &Stats) {
        self.received_packets += other.received_packets;
        self.forwarded_packets += other.forwarded_packets;
        self.retransmitted_packets += other.retransmitted_packets;
        self.retransmission_misses += other.retransmission_misses;
        self.key_frame_requests += other.key_frame_requests;
        self.probe_packets += other.probe_packets;
        self.crossed_packets += other.crossed_packets;
        self.slow_packets += other.slow_packets;
        self.dropped.add(&other.dropped);
    }

    pub fn dropped(&self, reason: Drop) -> u64 {
        self.dropped.of(reason)
    }
}

/// What the thread that mixes does now, and has done since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mixed {
    /// Encoders that work, and streams for which there is none left.
    pub streams: u64,
    pub lacking: u64,
    /// Voices that are decoded.
    pub voices: u64,
    /// Frames of 20 ms, encoded.
    pub frames: u64,
    /// Packets of voices that came after their time.
    pub late: u64,
}

impl Mixed {
    /// Adds what one room has come to.
    pub fn add(&mut self, counted: &Counted) {
        self.frames += counted.frames;
        self.late += counted.late;
    }
}

/// One participant's media at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    pub participant: ParticipantId,
    /// Whereto media goes.
    pub way_in: Option<Path>,
    pub published: Vec<Published>,
    pub shown: Vec<Shown>,
    /// How the others are heard.
    pub mixed_sound: MixedSound,
    /// The way to the viewer, where the browser reports arrivals.
    pub line: Option<Line>,
    /// Of both connections, since they began.
    pub dropped: Drops,
    /// What the client last said of itself, unless it is too old.
    pub reported: Option<Reported>,
}

/// What a client's browser sees of its own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Packets that did not come, in thousandths of those of the last seconds.
    pub lost_permille: u16,
    /// Sound that was made up, in thousandths.
    pub concealed_permille: u16,
    pub round_trip_ms: u16,
    pub jitter_ms: u16,
    /// Pictures that stood still, since the page was opened.
    pub freezes: u32,
    pub down_kbps: u32,
    pub up_kbps: u32,
    /// Which protocol carries the media.
    pub way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Udp,
    /// ICE-TCP (RFC 6544).
    Tcp,
    TurnTcp,
    TurnTls,
}

impl Way {
    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Way::Udp => "udp",
            Way::Tcp => "tcp",
            Way::TurnTcp => "turn_tcp",
            Way::TurnTls => "turn_tls",
        }
    }
}

/// One layer of a published source.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub source: Source,
    pub rid: Option<String>,
    pub bits_per_second: u64,
    /// Packets since the first.
    pub expected: u64,
    pub received: u64,
    pub jitter_ms: f64,
    /// Of the last second, in thousandths.
    pub lost_permille: u16,
    pub size: Option<(u16, u16)>,
}

/// One slot of a viewer that carries something.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub mid: String,
    pub ssrc: u32,
    pub participant: ParticipantId,
    pub source: Source,
    /// What goes out; nothing while it waits for a key frame.
    pub layer: Option<u8>,
    /// What the line allows, and what the page has use for.
    pub target: Option<u8>,
    pub desired: Option<u8>,
    pub packets: u32,
    pub bytes: u32,
    /// By the last receiver report, in 256ths.
    pub reported_loss: u8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Bits a second.
    pub estimate: u64,
    pub demand: u64,
    pub loss: f32,
    pub round_trip: Duration,
}

/// The counters of the shards, what is mixed, and the state of the sites in the Prometheus text format, version 0.0.4.
pub fn text(stats: &Stats, mixed: &Mixed, rooms: &[(RoomId, Vec<Site>)]) -> String {
    let mut text = String::new();
    let mut counter = |name: &str, help: &str, value: u64| {
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}"
        );
    };
    for (name, help, value) in [
        (
            "received",
            "Datagrams taken from the network.",
            stats.received_packets,
        ),
        (
            "forwarded",
            "Media packets sent to viewers.",
            stats.forwarded_packets,
        ),
        (
            "retransmitted",
            "Packets sent again.",
            stats.retransmitted_packets,
        ),
        (
            "retransmission_misses",
            "Packets asked for again and no longer kept.",
            stats.retransmission_misses,
        ),
        (
            "probe",
            "Packets sent to learn what a line carries.",
            stats.probe_packets,
        ),
        (
            "crossed",
            "Packets taken from other shards of the same rooms.",
            stats.crossed_packets,
        ),
        (
            "slow",
            "Packets that a connection over TCP was too slow for.",
            stats.slow_packets,
        ),
    ] {
        counter(&format!("hoian_media_{name}_packets_total"), help, value);
    }
    counter(
        "hoian_media_key_frame_requests_total",
        "Key frames asked of publishers.",
        stats.key_frame_requests,
    );
    counter(
        "hoian_media_mixed_frames_total",
        "Frames of 20 ms of mixed voices, encoded for thin lines.",
        mixed.frames,
    );
    counter(
        "hoian_media_mixed_late_packets_total",
        "Packets of voices that came too late to be mixed.",
        mixed.late,
    );
    let mut gauge = |name: &str, help: &str, value: u64| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    };
    gauge(
        "hoian_media_mixed_streams",
        "Streams of mixed voices that are encoded now.",
        mixed.streams,
    );
    gauge(
        "hoian_media_mixed_streams_lacking",
        "Streams of mixed voices that are wanted and have no encoder.",
        mixed.lacking,
    );
    gauge(
        "hoian_media_mixed_voices",
        "Voices that are decoded for them.",
        mixed.voices,
    );
    let dropped = "hoian_media_dropped_packets_total";
    let _ = writeln!(
        text,
        "# HELP {dropped} Datagrams that went no further.\n# TYPE {dropped} counter"
    );
    for reason in Drop::ALL {
        let _ = writeln!(
            text,
            "{dropped}{{reason=\"{}\"}} {}",
            reason.name(),
            stats.dropped(reason)
        );
    }
    write_sites(&mut text, rooms);
    text
}

/// Every sample of one site, as name and value.
type Samples = Vec<(&'static str, String, f64)>;

fn write_sites(text: &mut String, rooms: &[(RoomId, Vec<Site>)]) {
    let sites = rooms
        .iter()
        .flat_map(|(room, sites)| sites.iter().map(move |site| (room, site)))
        .take(MOST_SITES);
    let samples: Vec<(String, Samples)> = sites
        .map(|(room, site)| {
            let labels = format!("meeting=\"{}\",participant=\"{}\"", room.0, site.participant.0);
            (labels, samples(site))
        })
        .collect();
    for (name, help) in GAUGES {
        let _ = writeln!(
            text,
            "# HELP hoian_site_{name} {help}\n# TYPE hoian_site_{name} gauge"
        );
        for (labels, samples) in &samples {
            for (_, more, value) in samples.iter().filter(|sample| sample.0 == name) {
                let _ = writeln!(text, "hoian_site_{name}{{{labels}{more}}} {value}");
            }
        }
    }
}

fn samples(site: &Site) -> Samples {
    let mut samples = Samples::new();
    if let Some(line) = &site.line {
        samples.push(("estimate_bits_per_second", String::new(), line.estimate as f64));
        samples.push(("demand_bits_per_second", String::new(), line.demand as f64));
    }
    // What the browser says of its line goes before what arrival reports tell.
    let thousandths = |value: u16| f64::from(value) / 1_000.0;
    let loss = site
        .reported
        .map(|reported| thousandths(reported.lost_permille))
        .or_else(|| Some(f64::from(site.line?.loss)));
    let round_trip = site
        .reported
        .map(|reported| thousandths(reported.round_trip_ms))
        .or_else(|| Some(site.line?.round_trip.as_secs_f64()));
    samples.extend(loss.map(|loss| ("down_loss_ratio", String::new(), loss)));
    samples.extend(round_trip.map(|seconds| ("round_trip_seconds", String::new(), seconds)));
    let reported_way = site.reported.map(|reported| reported.way);
    if let Some(way) = site.way_in.map(|path| path.way).or(reported_way) {
        samples.push(("way_in", format!(",way=\"{}\"", way.name()), 1.0));
    }
    let mixed = match site.mixed_sound {
        MixedSound::Off => None,
        MixedSound::Asked => Some("asked"),
        MixedSound::ThinLine => Some("thin_line"),
        MixedSound::Full => Some("full"),
    };
    samples.extend(mixed.map(|state| ("mixed_sound", format!(",state=\"{state}\""), 1.0)));
    for published in &site.published {
        let rid = published.rid.as_deref().unwrap_or("");
        let labels = format!(",source=\"{}\",layer=\"{rid}\"", name(published.source));
        let lost = published.expected.saturating_sub(published.received);
        samples.push((
            "up_bits_per_second",
            labels.clone(),
            published.bits_per_second as f64,
        ));
        samples.push((
            "up_loss_ratio",
            labels.clone(),
            lost as f64 / published.expected.max(1) as f64,
        ));
        samples.push(("up_jitter_seconds", labels, published.jitter_ms / 1_000.0));
    }
    for (reason, count) in site.dropped.happened() {
        let labels = format!(",reason=\"{}\"", reason.name());
        samples.push(("dropped_packets", labels, count as f64));
    }
    if let Some(reported) = &site.reported {
        let bits = f64::from(reported.down_kbps) * 1_000.0;
        samples.push(("down_bits_per_second", String::new(), bits));
        samples.push((
            "down_jitter_seconds",
            String::new(),
            thousandths(reported.jitter_ms),
        ));
        samples.push(("freezes", String::new(), f64::from(reported.freezes)));
        let concealed = thousandths(reported.concealed_permille);
        samples.push(("concealed_ratio", String::new(), concealed));
    }
    for shown in &site.shown {
        let labels = format!(",slot=\"{}\",source=\"{}\"", shown.mid, name(shown.source));
        let layer = shown.layer.map_or(-1.0, f64::from);
        samples.push(("shown_layer", labels, layer));
    }
    samples
}

fn name(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
        Source::ScreenAudio => "screen_audio",
    }
}

/// A province has not so many sites; what a scrape costs stays bounded.
const MOST_SITES: usize = 2_000;

const GAUGES: [(&str, &str); 15] = [
    (
        "estimate_bits_per_second",
        "What the line to the viewer is believed to carry.",
    ),
    ("demand_bits_per_second", "What the viewer would take."),
    ("down_loss_ratio", "Packets lost to the viewer, of late."),
    ("round_trip_seconds", "To the viewer and back."),
    (
        "down_bits_per_second",
        "What reaches the viewer, as the browser says.",
    ),
    (
        "down_jitter_seconds",
        "Jitter at the viewer, as the browser says.",
    ),
    ("way_in", "1, with the protocol that carries the media."),
    (
        "mixed_sound",
        "1 where voices are mixed for the viewer, or should be, with the reason.",
    ),
    ("up_bits_per_second", "What a published layer sends."),
    ("up_loss_ratio", "Packets of a published layer that never came."),
    ("up_jitter_seconds", "Jitter of a published layer (RFC 3550)."),
    (
        "dropped_packets",
        "Packets of or to the site that went no further, by reason.",
    ),
    ("freezes", "Pictures that stood still, as the browser says."),
    ("concealed_ratio", "Sound made up by the browser, of late."),
    (
        "shown_layer",
        "The layer in a slot, 0 the smallest; -1 while it waits.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_line_is_a_comment_or_a_sample_of_a_declared_metric() {
        let mut stats = Stats::default();
        stats.count(Drop::Forged);
        let site = Site {
            participant: ParticipantId(Uuid::from_u128(2)),
            way_in: None,
            published: vec![Published {
                source: Source::Camera,
                rid: Some("q".to_owned()),
                bits_per_second: 150_000,
                expected: 100,
                received: 90,
                jitter_ms: 2.0,
                lost_permille: 100,
                size: None,
            }],
            shown: Vec::new(),
            mixed_sound: MixedSound::ThinLine,
            line: Some(Line {
                estimate: 900_000,
                demand: 1_000_000,
                loss: 0.0,
                round_trip: Duration::from_millis(20),
            }),
            dropped: {
                let mut dropped = Drops::default();
                dropped.count(Drop::Replayed);
                dropped
            },
            reported: Some(Reported {
                lost_permille: 30,
                concealed_permille: 4,
                round_trip_ms: 45,
                jitter_ms: 9,
                freezes: 2,
                down_kbps: 800,
                up_kbps: 300,
                way: Way::Udp,
            }),
        };
        let text = text(
            &stats,
            &Mixed::default(),
            &[(RoomId(Uuid::from_u128(1)), vec![site])],
        );
        let mut declared = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                declared.push(rest.split(' ').next().unwrap());
            } else if !line.starts_with("# HELP ") {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                assert!(value.parse::<f64>().is_ok(), "{line}");
                assert_eq!(declared.last(), sample.split('{').next().as_ref(), "{line}");
            }
        }
        assert!(
            text.contains("dropped_packets_total{reason=\"forged\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("source=\"camera\",layer=\"q\"} 0.1\n"), "{text}");
        assert!(text.contains("round_trip_seconds{meeting="), "{text}");
        assert!(text.contains(",reason=\"replayed\"} 1\n"), "{text}");
        for (name, _) in GAUGES.iter().filter(|(name, _)| *name != "shown_layer") {
            assert!(
                text.contains(&format!("\nhoian_site_{name}{{")),
                "{name} of {text}"
            );
        }
    }
}
