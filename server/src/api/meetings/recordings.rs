//! The recordings of a meeting: what there is, and each as a WebM file that is put together while it is read.

use std::collections::HashMap;
use std::ops::{Bound, Range};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::TypedHeader;
use axum_extra::headers;
use axum_extra::typed_header::TypedHeaderRejection;
use bytes::Bytes;
use futures::StreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::record::readable;
use super::refusals;
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::Procedure;
use crate::domain::recording::{Recording, Stop};
use crate::media::recording::webm::{self, About, Chapter, Head};
use crate::parts::App;
use crate::store::blob::{self, Sha256};
use crate::store::entity::{meeting, meeting_item, recording_segment};
use crate::store::{Tx, audit};

/// One recording.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingRecording)]
pub(super) struct View {
    /// From 1.
    number: u32,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// Why it is over; nothing while it runs.
    stop: Option<Stop>,
    /// Everything is stored and stands in the record: it can be played.
    is_whole: bool,
    duration_ms: u64,
    size_bytes: u64,
    chapters: Vec<ChapterView>,
}

/// An item of the agenda, from where it came under way.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordingChapter)]
struct ChapterView {
    begins_ms: u64,
    title: String,
}

/// How the file is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// As a file to keep, not as something to play.
    #[serde(default)]
    download: bool,
}

/// The recordings of a meeting, the first one first, for whoever may take its record away.
#[utoipa::path(
    get, path = "/meetings/{id}/recordings", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = OK, body = Vec<View>),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Vec<View>>, Problem> {
    let meeting = readable(&app, &person, id).await?;
    let told = app.conferences.procedure(&meeting.id).await?;
    let titles = titles(&app, &meeting.id).await?;
    let mut views = Vec::new();
    for recording in &told.recordings.all {
        let segments = segments(&app, &meeting.id, recording.id).await?;
        let file: Vec<(About, u64)> = segments.iter().map(about).collect();
        let chapters = chapters(&told, recording, &titles, webm::duration_ms(&file));
        views.push(View {
            number: recording.id,
            started_at: recording.started_at,
            ended_at: recording.ended_at(),
            stop: recording.stop,
            is_whole: recording.is_whole,
            duration_ms: webm::duration_ms(&file),
            size_bytes: file.iter().map(|(_, length)| length).sum(),
            chapters: chapters
                .into_iter()
                .map(|Chapter { begins_ms, title }| ChapterView { begins_ms, title })
                .collect(),
        });
    }
    Ok(Json(views))
}

/// A recording as a WebM file (VP8 and Opus), whole or a part of it by `Range`. Its clusters are the very bytes whose SHA-256
/// the record names; length, chapters and the places for seeking before them are made for the answer.
#[utoipa::path(
    get, path = "/meetings/{id}/recordings/{number}", tag = "meetings",
    params(("id" = String, Path), ("number" = u32, Path), Wanted),
    responses(
        (status = OK, content_type = "video/webm", body = Vec<u8>),
        (status = PARTIAL_CONTENT, content_type = "video/webm", body = Vec<u8>),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`recording-running`: it is not over yet", body = problem::Body),
        (status = RANGE_NOT_SATISFIABLE, description = "`range`: the file is shorter", body = problem::Body),
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(MeetingId, u32)>,
    Query(wanted): Query<Wanted>,
    range: Result<TypedHeader<headers::Range>, TypedHeaderRejection>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let meeting = readable(&app, &person, id).await?;
    let told = app.conferences.procedure(&meeting.id).await?;
    let recording = told.recordings.of(number).ok_or_else(Problem::not_found)?;
    if !recording.is_whole {
        return Err(refusals::recording_running());
    }
    let file = File::of(&app, &meeting, &told, recording).await?;
    let tag = format!("\"{}\"", blob::of(&file.head).0);
    // A part of another file than the one that was begun is of no use.
    let is_same = asked
        .get(header::IF_RANGE)
        .is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let length = file.length();
    // One that cannot be read counts as none (RFC 9110 section 14.2).
    let part = match range.ok().filter(|_| is_same) {
        Some(TypedHeader(range)) => Some(part_of(&range, length).ok_or_else(refusals::range)?),
        None => None,
    };
    let bytes = part.clone().unwrap_or(0..length);
    if bytes.start == 0 {
        note_reading(&app, &person, &meeting, number).await?;
    }
    let mut headers = HeaderMap::new();
    let mut put = |name, value: String| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, "video/webm".to_owned());
    put(header::ACCEPT_RANGES, "bytes".to_owned());
    put(header::ETAG, tag);
    put(header::CONTENT_LENGTH, (bytes.end - bytes.start).to_string());
    if wanted.download {
        let name = format!("attachment; filename=\"ghi-hinh-{number}.webm\"");
        put(header::CONTENT_DISPOSITION, name);
    }
    let status = match part {
        Some(part) => {
            let (first, last) = (part.start, part.end - 1);
            put(header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}"));
            StatusCode::PARTIAL_CONTENT
        }
        None => StatusCode::OK,
    };
    Ok((status, headers, file.stream(&app, bytes)).into_response())
}

/// Who began to watch, or took it away.
async fn note_reading(
    app: &App,
    person: &Person,
    meeting: &meeting::Model,
    number: u32,
) -> Result<(), Problem> {
    let (subject, detail) = (format!("meeting/{}", meeting.id), json!({ "recording": number }));
    app.store
        .write(async |tx: &Tx| {
            let now = app.clock.now();
            audit::append(
                tx,
                now,
                &person.actor(),
                "meeting.recording_read",
                &subject,
                detail,
            )
            .await
        })
        .await?;
    Ok(())
}

/// A recording as it is read.
struct File {
    head: Vec<u8>,
    segments: Vec<recording_segment::Model>,
}

impl File {
    async fn of(
        app: &App,
        meeting: &meeting::Model,
        told: &Procedure,
        recording: &Recording,
    ) -> Result<Self, Problem> {
        let segments = segments(app, &meeting.id, recording.id).await?;
        let titles = titles(app, &meeting.id).await?;
        let known: Vec<(About, u64)> = segments.iter().map(about).collect();
        let head = webm::head(&Head {
            title: &meeting.title,
            began_at: recording.started_at.0,
            chapters: &chapters(told, recording, &titles, webm::duration_ms(&known)),
            segments: &known,
        });
        Ok(Self { head, segments })
    }

    fn length(&self) -> u64 {
        let segments = self.segments.iter().map(|segment| about(segment).1);
        self.head.len() as u64 + segments.sum::<u64>()
    }

    /// The bytes in `wanted`; each segment is compared with its hash before it is sent.
    fn stream(self, app: &App, wanted: Range<u64>) -> Body {
        let head = Piece::Head(Bytes::from(self.head));
        let segments = self.segments.into_iter().map(|segment| {
            let length = about(&segment).1;
            Piece::Segment(segment.sha256, length)
        });
        let mut at = 0;
        let pieces = std::iter::once(head).chain(segments).filter_map(move |piece| {
            let begin = at;
            at += piece.length();
            let (from, until) = (wanted.start.max(begin), wanted.end.min(at));
            (from < until).then(|| (piece, (from - begin) as usize..(until - begin) as usize))
        });
        let blobs = app.store.blobs().clone();
        let read = futures::stream::iter(pieces).then(move |(piece, part)| {
            let blobs = blobs.clone();
            async move {
                let bytes = match piece {
                    Piece::Head(bytes) => bytes,
                    Piece::Segment(sha256, _) => blobs.get(&sha256).await?,
                };
                let part = part.start.min(bytes.len())..part.end.min(bytes.len());
                Ok::<_, blob::Error>(bytes.slice(part))
            }
        });
        Body::from_stream(read)
    }
}

enum Piece {
    Head(Bytes),
    Segment(Sha256, u64),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Piece::Head(bytes) => bytes.len() as u64,
            Piece::Segment(_, length) => *length,
        }
    }
}

/// The one part that is asked for; of several, the first.
fn part_of(range: &headers::Range, length: u64) -> Option<Range<u64>> {
    let (begin, end) = range.satisfiable_ranges(length).next()?;
    let begin = match begin {
        Bound::Included(begin) => begin,
        Bound::Excluded(before) => before + 1,
        Bound::Unbounded => 0,
    };
    let end = match end {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => end,
        Bound::Unbounded => length,
    };
    let end = end.min(length);
    (begin < end).then_some(begin..end)
}

async fn segments(
    app: &App,
    id: &MeetingId,
    number: u32,
) -> Result<Vec<recording_segment::Model>, sea_orm::DbErr> {
    recording_segment::Entity::find()
        .filter(recording_segment::Column::MeetingId.eq(id.clone()))
        .filter(recording_segment::Column::Recording.eq(i64::from(number)))
        .order_by_asc(recording_segment::Column::Number)
        .all(app.store.read())
        .await
}

async fn titles(app: &App, id: &MeetingId) -> Result<HashMap<u32, String>, sea_orm::DbErr> {
    let items = meeting_item::Entity::find()
        .filter(meeting_item::Column::MeetingId.eq(id.clone()))
        .all(app.store.read())
        .await?;
    let titled = |item: meeting_item::Model| Some((u32::try_from(item.number).ok()?, item.title));
    Ok(items.into_iter().filter_map(titled).collect())
}

fn chapters(
    told: &Procedure,
    recording: &Recording,
    titles: &HashMap<u32, String>,
    duration_ms: u64,
) -> Vec<Chapter> {
    let places = recording.chapters(&told.course, duration_ms).into_iter();
    let chapter = |(begins_ms, number): (u64, u32)| Chapter {
        begins_ms,
        title: match titles.get(&number) {
            Some(title) => format!("{number}. {title}"),
            None => number.to_string(),
        },
    };
    places.map(chapter).collect()
}

fn about(row: &recording_segment::Model) -> (About, u64) {
    let whole = |value: i64| u64::try_from(value).unwrap_or(0);
    let side = |value: i32| u16::try_from(value).unwrap_or(0);
    let about = About {
        begins_ms: whole(row.begins_ms),
        duration_ms: whole(row.duration_ms),
        key_ms: row.key_ms.map(whole),
        size: row
            .width
            .zip(row.height)
            .map(|(width, height)| (side(width), side(height))),
    };
    (about, whole(row.size_bytes))
}
