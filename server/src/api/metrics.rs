//! `/metrics`: what a Prometheus reads of the house, of what is answered, and of the media plane.

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{Gauge, GaugeVec, Histogram, HistogramOpts, IntCounterVec, Opts, Registry, TextEncoder};
use ring::digest::{SHA256, digest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{self, Problem};
use crate::clock::Timestamp;
use crate::doctor::health::{self, Authorities, Report};
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// What was answered since the program started, and what the system says of the process.
#[derive(Clone)]
pub struct Traffic {
    registry: Registry,
    answers: IntCounterVec,
    seconds: Histogram,
}

impl Traffic {
    /// Nothing yet.
    ///
    /// # Errors
    /// Two figures have one name.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let answers = Opts::new("hoian_http_answers_total", "Requests answered.");
        let answers = IntCounterVec::new(answers, &["method", "route", "status"])?;
        registry.register(Box::new(answers.clone()))?;
        let seconds = HistogramOpts::new(
            "hoian_http_answer_seconds",
            "From a request to the head of its answer.",
        );
        let seconds = Histogram::with_opts(seconds)?;
        registry.register(Box::new(seconds.clone()))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        Ok(Self {
            registry,
            answers,
            seconds,
        })
    }
}

/// Layer: counts what is answered. The route is the pattern, and methods that nobody has are one: whoever asks cannot make
/// figures without number.
pub(super) async fn count(State(traffic): State<Traffic>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = match *request.method() {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => {
            request.method().clone()
        }
        _ => Method::OPTIONS,
    };
    let timer = traffic.seconds.start_timer();
    let response = next.run(request).await;
    timer.observe_duration();
    let route = route.as_ref().map_or("(page)", MatchedPath::as_str);
    let status = response.status();
    let labels = [method.as_str(), route, status.as_str()];
    traffic.answers.with_label_values(&labels).inc();
    response
}

/// Counters, the state of the house and of every site, in the Prometheus text format, version 0.0.4; for whoever sends the
/// configured token, for all others there is no such page.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = OK, body = String), (status = NOT_FOUND, body = problem::Body))
)]
async fn metrics(
    State(app): State<App>,
    Extension(traffic): Extension<Traffic>,
    headers: HeaderMap,
) -> Result<([(header::HeaderName, &'static str); 1], String), Problem> {
    if !may_read(app.config.http.metrics_token.as_deref(), &headers) {
        return Err(Problem::not_found());
    }
    let mut families = traffic.registry.gather();
    // Whoever reads often shall not have others asked as often.
    let report = health::report(&app, Authorities::NotAsked).await?;
    families.extend(
        house(&report)
            .map_err(|error| Problem::internal(&error))?
            .gather(),
    );
    let mut text = TextEncoder::new()
        .encode_to_string(&families)
        .map_err(|error| Problem::internal(&error))?;
    text += &app.conferences.metrics().await.unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// How the house stands, as figures.
fn house(report: &Report) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let parts = Opts::new(
        "hoian_health",
        "How a part of the house stands: 0 good, 1 to be looked at, 2 bad.",
    );
    let parts = GaugeVec::new(parts, &["part"])?;
    for check in &report.checks {
        // By the name that it has in the report.
        let part = serde_json::to_value(check.part).unwrap_or_default();
        let part = part.as_str().unwrap_or_default();
        parts.with_label_values(&[part]).set(f64::from(check.level as u8));
    }
    registry.register(Box::new(parts))?;
    let version =
        Opts::new("hoian_build_info", "The program's version.").const_label("version", &report.version);
    let ends = report.ending_certificates.first().map(|key| key.not_after);
    let seconds = |moment: Timestamp| moment.unix_seconds();
    for (opts, value) in [
        (version, Some(1)),
        (
            Opts::new("hoian_disk_free_bytes", "Room where the data lie."),
            report.disk_free_bytes,
        ),
        (
            Opts::new(
                "hoian_disk_total_bytes",
                "The size of the disk where the data lie.",
            ),
            report.disk_total_bytes,
        ),
        (
            Opts::new("hoian_jobs_waiting", "Jobs that are due."),
            Some(report.jobs_waiting),
        ),
        (
            Opts::new("hoian_jobs_given_up", "Jobs that were tried too often."),
            Some(report.jobs_given_up),
        ),
        (
            Opts::new(
                "hoian_jobs_oldest_seconds",
                "How long the job that is due longest has waited.",
            ),
            Some(report.oldest_job_seconds),
        ),
        (
            Opts::new(
                "hoian_signatures_waiting",
                "Signatures that wait for their time-stamp.",
            ),
            Some(report.signatures_waiting),
        ),
        (
            Opts::new("hoian_sessions_open", "Sessions of people who are logged in."),
            Some(report.today.open_sessions),
        ),
        (
            Opts::new(
                "hoian_key_certificate_end_timestamp_seconds",
                "When the first certificate ends of those that end soon.",
            ),
            ends.map(seconds),
        ),
        (
            Opts::new(
                "hoian_tls_certificate_end_timestamp_seconds",
                "When the certificate ends by which the program itself ends TLS.",
            ),
            report.tls_not_after.map(seconds),
        ),
        (
            Opts::new("hoian_backup_timestamp_seconds", "When the last backup was made."),
            report.last_backup_at.map(seconds),
        ),
    ] {
        let Some(value) = value else { continue };
        let gauge = Gauge::with_opts(opts)?;
        gauge.set(value as f64);
        registry.register(Box::new(gauge))?;
    }
    Ok(registry)
}

/// By digests, so that how long it takes tells nothing of the token.
fn may_read(token: Option<&str>, headers: &HeaderMap) -> bool {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    let of = |text: &str| digest(&SHA256, text.as_bytes());
    matches!((token, sent), (Some(token), Some(sent)) if of(token).as_ref() == of(sent).as_ref())
}
