//! What the far end says of our sound: receiver reports, read where they pass (RFC 3550 section 6.4).
//!
//! The crate's statistics do not take receiver reports in (0.21.1), so this stands nearest to the wire: it remembers when
//! each sender report went out, and answers for loss and round trip when the report on it comes back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// What the server reports of what we send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quality {
    /// Packets lost since the call began.
    pub lost: u32,
    /// None until a report answered a sender report of ours.
    pub round_trip: Option<Duration>,
}

/// The last report, for whoever asks.
#[derive(Clone, Default)]
pub struct Reports(Arc<Mutex<Option<Quality>>>);

impl Reports {
    pub fn last(&self) -> Option<Quality> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The interceptor that keeps it.
    pub fn watch(&self) -> Watch {
        Watch {
            reports: self.clone(),
            ..Watch::default()
        }
    }
}

#[derive(Default)]
pub struct Watch {
    reports: Reports,
    /// The middle 32 bits of the NTP time in a sender report, and when it went out.
    sent: VecDeque<(u32, Instant)>,
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

/// Answers come within a second or two; older sender reports are forgotten.
const REMEMBERED: usize = 16;

impl Watch {
    fn note(&mut self, report: &ReceptionReport, now: Instant) {
        let sent = self
            .sent
            .iter()
            .find(|(ntp, _)| *ntp == report.last_sender_report && *ntp != 0);
        let delay = Duration::from_secs_f64(f64::from(report.delay) / 65_536.0);
        let round_trip = sent.map(|(_, at)| now.saturating_duration_since(*at).saturating_sub(delay));
        let mut last = self.reports.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Quality {
            lost: report.total_lost,
            round_trip: round_trip.or(last.and_then(|quality| quality.round_trip)),
        });
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Watch {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            let reports: Vec<_> = packets
                .iter()
                .filter_map(|one| one.as_any().downcast_ref::<ReceiverReport>())
                .flat_map(|one| one.reports.clone())
                .collect();
            for report in &reports {
                self.note(report, packet.now);
            }
        }
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            for report in packets
                .iter()
                .filter_map(|one| one.as_any().downcast_ref::<SenderReport>())
            {
                self.sent.push_back(((report.ntp_time >> 16) as u32, packet.now));
            }
            while self.sent.len() > REMEMBERED {
                self.sent.pop_front();
            }
        }
        self.written.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front()
    }
}

impl Interceptor for Watch {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
