//! One peer connection of the `webrtc` crate, with what it has seen.

use std::collections::HashMap;
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use opus::{Application, Channels, Encoder};
use rtc::interceptor::Slot;
use rtc::media::Sample;
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use tokio::sync::watch;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_sample::TrackLocalStaticSample;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::media_stream::{MediaStreamTrack, Track};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceConnectionState, RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry,
    SettingEngineBuilder, register_default_interceptors,
};
use webrtc::rtp_transceiver::RtpSender;

use super::call::Leg;
use super::reports::{Quality, Reports};
use crate::clock;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the peer connection: {0}")]
    Connection(#[from] webrtc::error::Error),
    #[error("the tone: {0}")]
    Tone(#[from] opus::Error),
    #[error("the peer connection has no {0}")]
    Missing(&'static str),
}

pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    state: watch::Receiver<State>,
    heard: Arc<Mutex<HashMap<u32, Stream>>>,
    reports: Reports,
}

/// What the connection has told of itself.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    gathered: bool,
    leg: Leg,
}

/// What was received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    pub packets: u64,
    pub lost: u64,
    pub streams: usize,
}

#[derive(Default)]
struct Stream {
    first: u64,
    highest: u64,
    packets: u64,
}

struct Handler {
    begun: Instant,
    state: watch::Sender<State>,
    heard: Arc<Mutex<HashMap<u32, Stream>>>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.state.send_modify(|state| state.gathered = true);
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        if matches!(
            state,
            RTCIceConnectionState::Connected | RTCIceConnectionState::Completed
        ) {
            let passed = clock::instant() - self.begun;
            self.state
                .send_modify(|state| state.leg.ice = state.leg.ice.or(Some(passed)));
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            let passed = clock::instant() - self.begun;
            self.state
                .send_modify(|state| state.leg.dtls = state.leg.dtls.or(Some(passed)));
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let heard = self.heard.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                    heard
                        .entry(packet.header.ssrc)
                        .or_default()
                        .count(packet.header.sequence_number);
                }
            }
        });
    }
}

impl Stream {
    fn count(&mut self, sequence_number: u16) {
        let index = crate::media::rtp::extend(self.highest, sequence_number);
        if self.packets == 0 {
            self.first = index;
        }
        self.highest = self.highest.max(index);
        self.packets += 1;
    }
}

impl Peer {
    pub async fn new() -> Result<Peer, Error> {
        let mut engine = MediaEngine::default();
        engine.register_default_codecs()?;
        let reports = Reports::default();
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        // Before all others on the way in, after all others on the way out.
        let registry = registry.with(Slot::Custom(0), reports.watch());
        let (state, seen) = watch::channel(State::default());
        let heard = Arc::new(Mutex::new(HashMap::new()));
        let handler = Handler {
            begun: clock::instant(),
            state,
            heard: heard.clone(),
        };
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            // The crate would choose the server's part towards an ICE-lite end; this server never dials.
            .with_setting_engine(
                SettingEngineBuilder::new()
                    .with_answering_dtls_role(RTCDtlsRole::Client)
                    .build(),
            )
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec!["0.0.0.0:0"])
            .build()
            .await?;
        Ok(Peer {
            connection: Arc::new(connection),
            state: seen,
            heard,
            reports,
        })
    }

    pub async fn add_microphone(&self) -> Result<Microphone, Error> {
        let ssrc = u32::from_le_bytes([clock::seed()[0], clock::seed()[1], clock::seed()[2], 1]);
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..Default::default()
            },
            codec: RTCRtpCodec {
                mime_type: "audio/opus".to_owned(),
                clock_rate: 48_000,
                channels: 2,
                sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
                rtcp_feedback: vec![],
            },
            ..Default::default()
        };
        let label = "tone".to_owned();
        let stream = MediaStreamTrack::new(
            label.clone(),
            label.clone(),
            label,
            RtpCodecKind::Audio,
            vec![encoding],
        );
        let track = Arc::new(TrackLocalStaticSample::new(clock::instant(), stream)?);
        let sender = self
            .connection
            .add_track(track.clone() as Arc<dyn TrackLocal>)
            .await?;
        Ok(Microphone {
            connection: self.connection.clone(),
            track,
            sender,
            ssrc,
        })
    }

    /// An offer with all candidates in it.
    pub async fn offer(&self) -> Result<String, Error> {
        let offer = self.connection.create_offer(None).await?;
        self.describe(offer).await
    }

    pub async fn take_answer(&self, sdp: String) -> Result<(), Error> {
        Ok(self
            .connection
            .set_remote_description(RTCSessionDescription::answer(sdp)?)
            .await?)
    }

    /// Takes an offer and answers it.
    pub async fn answer(&self, sdp: String) -> Result<String, Error> {
        self.connection
            .set_remote_description(RTCSessionDescription::offer(sdp)?)
            .await?;
        let answer = self.connection.create_answer(None).await?;
        self.describe(answer).await
    }

    async fn describe(&self, description: RTCSessionDescription) -> Result<String, Error> {
        self.connection.set_local_description(description).await?;
        let mut state = self.state.clone();
        state
            .wait_for(|state| state.gathered)
            .await
            .map_err(|_| Error::Missing("candidates"))?;
        let description = self.connection.local_description().await;
        Ok(description.ok_or(Error::Missing("description"))?.sdp)
    }

    /// Whether DTLS has come about within `patience`.
    pub async fn connected(&self, patience: Duration) -> bool {
        let mut state = self.state.clone();
        let connected = state.wait_for(|state| state.leg.dtls.is_some());
        tokio::time::timeout(patience, connected)
            .await
            .is_ok_and(|state| state.is_ok())
    }

    pub fn leg(&self) -> Leg {
        self.state.borrow().leg
    }

    pub fn heard(&self) -> Heard {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.values().fold(Heard::default(), |sum, stream| {
            let expected = stream.highest - stream.first + 1;
            Heard {
                packets: sum.packets + stream.packets,
                lost: sum.lost + expected.saturating_sub(stream.packets),
                streams: sum.streams + 1,
            }
        })
    }

    /// The server's last report on what we send.
    pub fn quality(&self) -> Option<Quality> {
        self.reports.last()
    }

    pub async fn close(&self) {
        // What cannot be closed is gone.
        let _ = self.connection.close().await;
    }
}

/// A tone in place of a voice.
pub struct Microphone {
    connection: Arc<dyn PeerConnection>,
    track: Arc<TrackLocalStaticSample>,
    sender: Arc<dyn RtpSender>,
    ssrc: u32,
}

impl Microphone {
    pub async fn mid(&self) -> Result<String, Error> {
        let transceivers = self.connection.get_transceivers().await;
        let first = transceivers.first().ok_or(Error::Missing("microphone"))?;
        first.mid().await?.ok_or(Error::Missing("microphone section"))
    }

    /// Speaks for `duration` once `connected`; gives how many packets went out, none where it never was.
    pub async fn speak(
        &self,
        duration: Duration,
        connected: impl Future<Output = bool>,
    ) -> Result<u64, Error> {
        if !connected.await {
            return Ok(0);
        }
        let parameters = self.sender.get_parameters().await?.rtp_parameters;
        let codec = parameters.codecs.first().ok_or(Error::Missing("codec"))?;
        let ssrc = self.track.ssrcs().await.first().copied().unwrap_or(self.ssrc);
        let writer_for = || self.track.sample_writer(ssrc, codec.payload_type);
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
        let mut pace = tokio::time::interval(FRAME);
        let frames = (duration.as_millis() / FRAME.as_millis()) as u64;
        for frame in 0..frames {
            pace.tick().await;
            let data = encoder.encode_vec_float(&tone(frame), 400)?;
            let sample = Sample {
                data: data.into(),
                duration: FRAME,
                ..Sample::new(clock::instant())
            };
            writer_for().write_sample(&sample).await?;
        }
        Ok(frames)
    }
}

/// 20 ms of a soft 440 Hz.
fn tone(frame: u64) -> Vec<f32> {
    let first = frame * SAMPLES;
    (first..first + SAMPLES)
        .map(|at| 0.05 * (TAU * 440.0 * (at % 48_000) as f32 / 48_000.0).sin())
        .collect()
}

const FRAME: Duration = Duration::from_millis(20);
const SAMPLES: u64 = 960;
