//! What an administrator must look at: each part of the house with one of three levels.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

/// How a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthLevel)]
pub enum Level {
    Good,
    /// It works, and somebody should look before it does not.
    Watch,
    /// Something does not work, or soon will not.
    Bad,
}

/// A part of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthPart)]
pub enum Part {
    Database,
    /// The files by SHA-256.
    Blobs,
    Disk,
    Jobs,
    Clock,
    Mail,
    TimeStamps,
    /// Whether those who answer about revocation, and the authority for time-stamps, can be reached.
    Authorities,
    /// Of the keys in custody.
    Certificates,
    /// The device that holds keys of agencies.
    Hsm,
    /// The certificate by which the program itself ends TLS.
    Tls,
    Backup,
}

/// A part and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HealthCheck)]
pub struct Check {
    pub part: Part,
    pub level: Level,
}

/// What was found out; each field is what the rules below need, and no more.
#[derive(Clone, Debug)]
pub struct Found {
    pub database_answers: bool,
    pub blobs_writable: bool,
    /// Free and whole bytes, where the system tells.
    pub disk: Option<(u64, u64)>,
    /// How long the job that is due longest has waited.
    pub oldest_job: Duration,
    pub jobs_given_up: u64,
    /// Whether the machine's clock is kept by a time server, where the system tells.
    pub clock_kept: Option<bool>,
    pub mail_set_up: bool,
    pub time_stamps_set_up: bool,
    /// How long the signature that waits longest for its time-stamp has waited.
    pub oldest_signature: Duration,
    /// How long the certificate that ends first is still valid; zero where it has ended; none where there is none.
    pub first_certificate: Option<Duration>,
    /// Whether the HSM answers; none where the settings name none.
    pub hsm_answers: Option<bool>,
    /// Hosts that may be asked about signatures and do not take a connection.
    pub unreachable_hosts: usize,
    /// How long the certificate of TLS is still valid; zero where it has ended or cannot be read; none where a proxy ends TLS.
    pub tls: Option<Duration>,
    /// How long ago the last backup was made; none where there was none.
    pub last_backup: Option<Duration>,
}

/// Room below which nothing large can be taken in any more: twenty files at the upload limit.
const DISK_BAD_BYTES: u64 = 4_000_000_000;
/// Part of the disk, in percent, below which somebody should make room.
const DISK_WATCH_PERCENT: u64 = 10;
/// A job that is tried again and again waits at most ten minutes between two attempts.
const JOB_WATCH: Duration = Duration::from_secs(15 * 60);
const JOB_BAD: Duration = Duration::from_secs(6 * 3600);
const SIGNATURE_WATCH: Duration = Duration::from_secs(10 * 60);
const SIGNATURE_BAD: Duration = Duration::from_secs(2 * 3600);
/// A new certificate takes some weeks to be issued.
pub const CERTIFICATE_WATCH: Duration = Duration::from_secs(60 * 24 * 3600);
const CERTIFICATE_BAD: Duration = Duration::from_secs(7 * 24 * 3600);
/// Whoever renews by themselves (ACME) does so a month before the end.
const TLS_WATCH: Duration = Duration::from_secs(14 * 24 * 3600);
const TLS_BAD: Duration = Duration::from_secs(3 * 24 * 3600);
/// A nightly one, and a night that was missed.
const BACKUP_WATCH: Duration = Duration::from_secs(50 * 3600);
const BACKUP_BAD: Duration = Duration::from_secs(10 * 24 * 3600);

/// Every part and how it stands.
pub fn judge(found: &Found) -> [Check; 12] {
    use Level::{Bad, Good, Watch};
    let works = |it_does| if it_does { Good } else { Bad };
    let disk = match found.disk {
        Some((free, _)) if free < DISK_BAD_BYTES => Bad,
        Some((free, whole)) if free < whole / 100 * DISK_WATCH_PERCENT => Watch,
        _ => Good,
    };
    let jobs = match found.oldest_job {
        waited if waited >= JOB_BAD => Bad,
        waited if waited >= JOB_WATCH || found.jobs_given_up > 0 => Watch,
        _ => Good,
    };
    let time_stamps = match found.oldest_signature {
        waited if waited >= SIGNATURE_BAD => Bad,
        waited if waited >= SIGNATURE_WATCH || !found.time_stamps_set_up => Watch,
        _ => Good,
    };
    let certificates = match found.first_certificate {
        Some(left) if left < CERTIFICATE_BAD => Bad,
        Some(left) if left < CERTIFICATE_WATCH => Watch,
        _ => Good,
    };
    let tls = match found.tls {
        Some(left) if left < TLS_BAD => Bad,
        Some(left) if left < TLS_WATCH => Watch,
        _ => Good,
    };
    let backup = match found.last_backup {
        Some(ago) if ago >= BACKUP_BAD => Bad,
        Some(ago) if ago < BACKUP_WATCH => Good,
        _ => Watch,
    };
    let authorities = if found.unreachable_hosts == 0 { Good } else { Watch };
    let levels = [
        (Part::Database, works(found.database_answers)),
        (Part::Blobs, works(found.blobs_writable)),
        (Part::Disk, disk),
        (Part::Jobs, jobs),
        (
            Part::Clock,
            if found.clock_kept == Some(false) {
                Watch
            } else {
                Good
            },
        ),
        (Part::Mail, if found.mail_set_up { Good } else { Watch }),
        (Part::TimeStamps, time_stamps),
        (Part::Authorities, authorities),
        (Part::Certificates, certificates),
        (Part::Hsm, works(found.hsm_answers != Some(false))),
        (Part::Tls, tls),
        (Part::Backup, backup),
    ];
    levels.map(|(part, level)| Check { part, level })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;
    const HOUR: Duration = Duration::from_secs(3600);

    fn well() -> Found {
        Found {
            database_answers: true,
            blobs_writable: true,
            disk: Some((50 * GB, 100 * GB)),
            oldest_job: Duration::ZERO,
            jobs_given_up: 0,
            clock_kept: Some(true),
            mail_set_up: true,
            time_stamps_set_up: true,
            oldest_signature: Duration::ZERO,
            first_certificate: None,
            hsm_answers: None,
            unreachable_hosts: 0,
            tls: None,
            last_backup: Some(20 * HOUR),
        }
    }

    #[test]
    fn each_part_is_judged_by_its_own_figures() {
        use Level::{Bad, Good, Watch};
        assert!(judge(&well()).iter().all(|check| check.level == Good));
        let day = 24 * HOUR;
        let table: [(Part, Level, Found); 27] = [
            (
                Part::Hsm,
                Good,
                Found {
                    hsm_answers: Some(true),
                    ..well()
                },
            ),
            (
                Part::Hsm,
                Bad,
                Found {
                    hsm_answers: Some(false),
                    ..well()
                },
            ),
            (
                Part::Database,
                Bad,
                Found {
                    database_answers: false,
                    ..well()
                },
            ),
            (
                Part::Blobs,
                Bad,
                Found {
                    blobs_writable: false,
                    ..well()
                },
            ),
            (Part::Disk, Good, Found { disk: None, ..well() }),
            (
                Part::Disk,
                Watch,
                Found {
                    disk: Some((9 * GB, 100 * GB)),
                    ..well()
                },
            ),
            (
                Part::Disk,
                Bad,
                Found {
                    disk: Some((3 * GB, 100 * GB)),
                    ..well()
                },
            ),
            (
                Part::Jobs,
                Watch,
                Found {
                    jobs_given_up: 1,
                    ..well()
                },
            ),
            (
                Part::Jobs,
                Watch,
                Found {
                    oldest_job: HOUR,
                    ..well()
                },
            ),
            (
                Part::Jobs,
                Bad,
                Found {
                    oldest_job: 7 * HOUR,
                    ..well()
                },
            ),
            (
                Part::Clock,
                Watch,
                Found {
                    clock_kept: Some(false),
                    ..well()
                },
            ),
            (
                Part::Clock,
                Good,
                Found {
                    clock_kept: None,
                    ..well()
                },
            ),
            (
                Part::Mail,
                Watch,
                Found {
                    mail_set_up: false,
                    ..well()
                },
            ),
            (
                Part::TimeStamps,
                Watch,
                Found {
                    time_stamps_set_up: false,
                    ..well()
                },
            ),
            (
                Part::TimeStamps,
                Bad,
                Found {
                    oldest_signature: 3 * HOUR,
                    ..well()
                },
            ),
            (
                Part::Certificates,
                Good,
                Found {
                    first_certificate: Some(60 * day),
                    ..well()
                },
            ),
            (
                Part::Certificates,
                Watch,
                Found {
                    first_certificate: Some(30 * day),
                    ..well()
                },
            ),
            (
                Part::Certificates,
                Bad,
                Found {
                    first_certificate: Some(3 * day),
                    ..well()
                },
            ),
            (
                Part::Certificates,
                Bad,
                Found {
                    first_certificate: Some(Duration::ZERO),
                    ..well()
                },
            ),
            (
                Part::Authorities,
                Watch,
                Found {
                    unreachable_hosts: 1,
                    ..well()
                },
            ),
            (
                Part::Tls,
                Good,
                Found {
                    tls: Some(20 * day),
                    ..well()
                },
            ),
            (
                Part::Tls,
                Watch,
                Found {
                    tls: Some(10 * day),
                    ..well()
                },
            ),
            (
                Part::Tls,
                Bad,
                Found {
                    tls: Some(Duration::ZERO),
                    ..well()
                },
            ),
            (
                Part::Backup,
                Watch,
                Found {
                    last_backup: None,
                    ..well()
                },
            ),
            (
                Part::Backup,
                Good,
                Found {
                    last_backup: Some(49 * HOUR),
                    ..well()
                },
            ),
            (
                Part::Backup,
                Watch,
                Found {
                    last_backup: Some(3 * day),
                    ..well()
                },
            ),
            (
                Part::Backup,
                Bad,
                Found {
                    last_backup: Some(11 * day),
                    ..well()
                },
            ),
        ];
        for (part, level, found) in table {
            for check in judge(&found) {
                let expected = if check.part == part { level } else { Good };
                assert_eq!(check.level, expected, "{:?} of {found:?}", check.part);
            }
        }
    }
}
