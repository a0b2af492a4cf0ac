//! The only reader of time and of the application's randomness.
//!
//! Every other module takes `now` or a [`Clock`] as a parameter, so that a test decides what time it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment, in milliseconds since the Unix epoch (UTC).
///
/// Stored as a whole number, so that both databases order it alike and the audit chain hashes it without a question of
/// format; shown everywhere else as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved by `duration` towards the future.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(duration)))
    }

    /// This moment moved by `duration` towards the past.
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(duration)))
    }

    /// How long it is from `earlier` until this moment; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since the Unix epoch, as RFC 6238 counts them.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// The same moment in the type of the `time` crate; a moment outside its years becomes the epoch.
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        Self(i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            &self
                .to_offset_date_time()
                .format(&Rfc3339)
                .map_err(|_| fmt::Error)?,
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339)
            .map(Self::from)
            .map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment, RFC 3339 in UTC."))
            .build()
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// Where the program's parts learn the time and take their randomness from; cheap to clone.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Source>,
    random: SystemRandom,
}

enum Source {
    System,
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it; for tests.
    pub fn manual(start: Timestamp) -> Self {
        Self::of(Source::Manual(AtomicI64::new(start.0)))
    }

    fn of(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            random: SystemRandom::new(),
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &*self.source {
            Source::System => system_now(),
            Source::Manual(moment) => Timestamp(moment.load(Ordering::SeqCst)),
        }
    }

    /// The present moment in the type of the `time` crate.
    pub fn now_utc(&self) -> OffsetDateTime {
        self.now().to_offset_date_time()
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual(moment) = &*self.source {
            moment.fetch_add(milliseconds(duration), Ordering::SeqCst);
        }
    }

    /// Whether a time server keeps the machine's clock (adjtimex(2), which changes nothing when it is only asked); none
    /// where the system does not tell, or a test moves the clock.
    pub fn is_kept(&self) -> Option<bool> {
        if let Source::Manual(_) = &*self.source {
            return None;
        }
        // SAFETY: a structure of zeros asks for no change, and the kernel writes nothing beyond it.
        let state = unsafe {
            let mut asked: libc::timex = std::mem::zeroed();
            libc::adjtimex(&mut asked)
        };
        (state >= 0).then_some(state != libc::TIME_ERROR)
    }

    /// A moment that never goes back, for measuring how long something took.
    pub fn monotonic(&self) -> Instant {
        instant()
    }

    /// Random bytes fit for keys and tokens.
    #[expect(
        clippy::expect_used,
        reason = "the kernel's generator cannot fail once it has started (getrandom(2))"
    )]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random
            .fill(&mut bytes)
            .expect("the system's random generator works");
        bytes
    }

    /// A new opaque id: a UUID of version 7, ordered by the time it was made (RFC 9562 section 5.7).
    pub fn new_id(&self) -> String {
        let milliseconds = u64::try_from(self.now().0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &self.random_bytes::<10>())
            .into_uuid()
            .to_string()
    }
}

/// The monotonic clock of a thread that owns no [`Clock`], such as a shard of the media.
#[expect(clippy::disallowed_methods, reason = "this file is the one reader of time")]
pub fn instant() -> Instant {
    Instant::now()
}

/// Randomness of the system to seed a generator with.
pub fn seed() -> [u8; 32] {
    Clock::system().random_bytes()
}

#[expect(clippy::disallowed_methods, reason = "this file is the one reader of time")]
fn system_now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp(milliseconds(elapsed))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_rfc_3339_in_utc_and_reads_back() {
        let moment = Timestamp(1_764_000_000_123);
        assert_eq!(
            serde_json::to_string(&moment).unwrap(),
            "\"2025-11-24T16:00:00.123Z\""
        );
        let local: Timestamp = serde_json::from_str("\"2025-11-24T23:00:00.123+07:00\"").unwrap();
        assert_eq!(local, moment);
    }

    #[test]
    fn ids_are_ordered_by_the_time_they_were_made() {
        let clock = Clock::manual(Timestamp(1_764_000_000_000));
        let first = clock.new_id();
        clock.advance(Duration::from_millis(1));
        assert!(first < clock.new_id());
    }
}
