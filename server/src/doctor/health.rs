//! How the house stands: asked of the database, the disk and the settings, at the moment of the question.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use tokio::net::TcpStream;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::domain::health::{CERTIFICATE_WATCH, Check, Found, judge};
use crate::domain::holder::Holder;
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::numbering::{VIETNAM, local_date};
use crate::parts::App;
use crate::store::entity::{
    agency, audit_entry, job, meeting, person, session, signature_pending, signing_key,
};
use crate::store::{disk, setting};
use crate::tls;

/// How the house stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct Report {
    pub checks: Vec<Check>,
    /// Of the program.
    pub version: String,
    pub asked_at: Timestamp,
    pub disk_free_bytes: Option<u64>,
    pub disk_total_bytes: Option<u64>,
    pub jobs_waiting: u64,
    pub jobs_given_up: u64,
    /// How long the job that is due longest has waited.
    pub oldest_job_seconds: u64,
    /// Signatures that wait for their time-stamp.
    pub signatures_waiting: u64,
    /// Keys in custody whose certificates end soon or have ended, the first to end first.
    pub ending_certificates: Vec<EndingCertificate>,
    /// Whether the HSM answers now; none where the settings name none.
    pub hsm_answers: Option<bool>,
    /// Hosts that are asked about signatures and take no connection now.
    pub unreachable_hosts: Vec<String>,
    /// When the certificate ends by which the program itself ends TLS.
    pub tls_not_after: Option<Timestamp>,
    pub last_backup_at: Option<Timestamp>,
    pub today: Today,
}

/// A key whose certificate ends.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndingCertificate {
    /// The person's or the agency's name.
    pub holder: String,
    pub not_after: Timestamp,
}

/// What was done today in Vietnam, from the audit chain; and what is open now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Today {
    pub log_ins: u64,
    pub open_sessions: u64,
    pub drafted: u64,
    pub signed: u64,
    pub issued: u64,
    pub received: u64,
    /// Meetings that begin today.
    pub meetings: u64,
}

/// The most certificates that are named.
const MOST_CERTIFICATES: u64 = 20;
/// Somebody waits for the page.
const REACHED_WITHIN: Duration = Duration::from_secs(2);

/// Whether those who are asked about signatures are tried out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Authorities {
    Asked,
    NotAsked,
}

/// Asks everything.
///
/// # Errors
/// When the database does not answer: then nothing else can be told.
pub async fn report(app: &App, authorities: Authorities) -> Result<Report, DbErr> {
    let now = app.clock.now();
    let reader = app.store.read();
    let due = || {
        let unended = job::Entity::find().filter(job::Column::EndedAt.is_null());
        unended.filter(job::Column::DueAt.lte(now))
    };
    let oldest_job = due().order_by_asc(job::Column::DueAt).one(reader).await?;
    let oldest_signature = signature_pending::Entity::find()
        .order_by_asc(signature_pending::Column::CreatedAt)
        .one(reader)
        .await?;
    let keys = signing_key::Entity::find()
        .filter(signing_key::Column::RetiredAt.is_null())
        .filter(signing_key::Column::NotAfter.lt(now.after(CERTIFICATE_WATCH)))
        .order_by_asc(signing_key::Column::NotAfter)
        .limit(MOST_CERTIFICATES)
        .all(reader)
        .await?;
    let given_up = job::Entity::find()
        .filter(job::Column::IsGivenUp.eq(true))
        .count(reader)
        .await?;
    let room = disk::room(&app.config.data_folder).ok();
    let waited = |since: Option<Timestamp>| since.map_or(Duration::ZERO, |since| now.since(since));
    let unreachable_hosts = async {
        match authorities {
            Authorities::Asked => unreachable(app).await,
            Authorities::NotAsked => Vec::new(),
        }
    };
    let (unreachable_hosts, hsm_answers) = tokio::join!(unreachable_hosts, app.custody.hsm_answers());
    let tls = app.config.http.tls_certificate.as_deref();
    let tls_not_after = tls
        .and_then(|path| tls::not_after(path).ok())
        .map(Timestamp::from);
    let last_backup_at = setting::read(reader, setting::LAST_BACKUP).await?;
    let last_backup_at = last_backup_at.and_then(|text| text.parse().ok()).map(Timestamp);
    let found = Found {
        database_answers: true,
        blobs_writable: app.store.blobs().try_out().await.is_ok(),
        disk: room.map(|room| (room.free_bytes, room.total_bytes)),
        oldest_job: waited(oldest_job.map(|job| job.due_at)),
        jobs_given_up: given_up,
        clock_kept: app.clock.is_kept(),
        mail_set_up: app.mailer.is_some(),
        time_stamps_set_up: app.config.signing.tsa_url.is_some(),
        oldest_signature: waited(oldest_signature.map(|row| row.created_at)),
        first_certificate: keys.first().map(|key| key.not_after.since(now)),
        hsm_answers,
        unreachable_hosts: unreachable_hosts.len(),
        tls: tls.map(|_| tls_not_after.map_or(Duration::ZERO, |end| end.since(now))),
        last_backup: last_backup_at.map(|made| now.since(made)),
    };
    Ok(Report {
        checks: judge(&found).to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        asked_at: now,
        disk_free_bytes: room.map(|room| room.free_bytes),
        disk_total_bytes: room.map(|room| room.total_bytes),
        jobs_waiting: due().count(reader).await?,
        jobs_given_up: given_up,
        oldest_job_seconds: found.oldest_job.as_secs(),
        signatures_waiting: signature_pending::Entity::find().count(reader).await?,
        ending_certificates: named(app, keys).await?,
        hsm_answers,
        unreachable_hosts,
        tls_not_after,
        last_backup_at,
        today: today(app, now).await?,
    })
}

/// Those of the hosts that may be asked about signatures which take no connection. Nothing is asked of them.
async fn unreachable(app: &App) -> Vec<String> {
    let hosts = app.config.signing.hosts();
    let reached = join_all(hosts.iter().map(|host| is_reached(host))).await;
    let lost = hosts
        .into_iter()
        .zip(reached)
        .filter(|(_, is_reached)| !is_reached);
    lost.map(|(host, _)| host).collect()
}

/// Without a port, whichever of HTTP and HTTPS.
async fn is_reached(host: &str) -> bool {
    let connect = async |place: String| {
        let connected = tokio::time::timeout(REACHED_WITHIN, TcpStream::connect(place)).await;
        matches!(connected, Ok(Ok(_)))
    };
    match host.contains(':') {
        true => connect(host.to_owned()).await,
        false => {
            let (http, https) = (connect(format!("{host}:80")), connect(format!("{host}:443")));
            let (http, https) = tokio::join!(http, https);
            http || https
        }
    }
}

async fn named(app: &App, keys: Vec<signing_key::Model>) -> Result<Vec<EndingCertificate>, DbErr> {
    let reader = app.store.read();
    let holders: Vec<Option<Holder>> = keys.iter().map(|key| key.holder.parse().ok()).collect();
    let people = holders.iter().flatten().filter_map(|holder| match holder {
        Holder::Person(id) => Some(id.clone()),
        Holder::Agency(_) => None,
    });
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(people))
        .all(reader)
        .await?;
    let agencies = holders.iter().flatten().filter_map(|holder| match holder {
        Holder::Agency(id) => Some(id.clone()),
        Holder::Person(_) => None,
    });
    let agencies = agency::Entity::find()
        .filter(agency::Column::Id.is_in(agencies))
        .all(reader)
        .await?;
    let name = |holder: &Option<Holder>| match holder {
        Some(Holder::Person(id)) => people
            .iter()
            .find(|row| row.id == *id)
            .map(|row| row.full_name.clone()),
        Some(Holder::Agency(id)) => agencies
            .iter()
            .find(|row| row.id == *id)
            .map(|row| row.name.clone()),
        None => None,
    };
    let ending = keys.iter().zip(&holders).map(|(key, holder)| EndingCertificate {
        holder: name(holder).unwrap_or_else(|| key.subject.clone()),
        not_after: key.not_after,
    });
    Ok(ending.collect())
}

async fn today(app: &App, now: Timestamp) -> Result<Today, DbErr> {
    let reader = app.store.read();
    let midnight = local_date(now.to_offset_date_time())
        .midnight()
        .assume_offset(VIETNAM);
    let midnight = Timestamp::from(midnight);
    let counts: Vec<(String, i64)> = audit_entry::Entity::find()
        .select_only()
        .column(audit_entry::Column::Action)
        .expr(Expr::col(audit_entry::Column::Sequence).count())
        .filter(audit_entry::Column::At.gte(midnight))
        .group_by(audit_entry::Column::Action)
        .into_tuple()
        .all(reader)
        .await?;
    let counts: BTreeMap<String, i64> = counts.into_iter().collect();
    let count = |action: &str| {
        counts
            .get(action)
            .map_or(0, |count| u64::try_from(*count).unwrap_or(0))
    };
    let limits = &app.config.session;
    let open_sessions = session::Entity::find()
        .filter(session::Column::CreatedAt.gt(now.before(limits.absolute())))
        .filter(session::Column::LastSeenAt.gt(now.before(limits.idle())))
        .count(reader)
        .await?;
    let meetings = meeting::Entity::find()
        .filter(meeting::Column::StartsAt.gte(midnight))
        .filter(meeting::Column::StartsAt.lt(midnight.after(Duration::from_secs(24 * 3600))))
        .filter(meeting::Column::CalledOffAt.is_null())
        .filter(meeting::Column::Kind.ne(MeetingKind::Written))
        .count(reader)
        .await?;
    Ok(Today {
        log_ins: count("session.opened"),
        open_sessions,
        drafted: count("document.drafted"),
        signed: count("document.signed"),
        issued: count("document.issued"),
        received: count("dispatch.accepted") + count("dispatch.paper_registered"),
        meetings,
    })
}
