//! A recording as a WebM file: clusters that are made once, and what stands before them, which is made when they are read.

use super::ebml::{self, Elements};

/// A whole cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub bytes: Vec<u8>,
    pub about: About,
}

/// What is known of a segment without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub begins_ms: u64,
    pub duration_ms: u64,
    /// Of the first key frame: from there it can be entered.
    pub key_ms: Option<u64>,
    /// Of the largest picture.
    pub size: Option<(u16, u16)>,
}

/// A cluster while it is written.
pub struct Cluster {
    begins_ms: u64,
    blocks: Elements,
    about: About,
    is_empty: bool,
}

impl Cluster {
    pub fn new(begins_ms: u64) -> Self {
        Self {
            begins_ms,
            blocks: Elements::default(),
            about: About {
                begins_ms,
                ..About::default()
            },
            is_empty: true,
        }
    }

    pub fn begins_ms(&self) -> u64 {
        self.begins_ms
    }

    pub fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.begins_ms)
    }

    pub fn size_bytes(&self) -> usize {
        self.blocks.0.len()
    }

    pub fn picture(&mut self, at_ms: u64, is_key: bool, size: Option<(u16, u16)>, bytes: &[u8]) {
        if is_key {
            self.about.key_ms.get_or_insert(at_ms);
        }
        if let Some((width, height)) = size {
            let (widest, highest) = self.about.size.unwrap_or_default();
            self.about.size = Some((widest.max(width), highest.max(height)));
        }
        self.block(VIDEO, at_ms, if is_key { KEY_FRAME } else { 0 }, bytes);
    }

    pub fn sound(&mut self, at_ms: u64, bytes: &[u8]) {
        self.block(AUDIO, at_ms, KEY_FRAME, bytes);
    }

    fn block(&mut self, track: u8, at_ms: u64, flags: u8, bytes: &[u8]) {
        self.is_empty = false;
        let relative = at_ms.saturating_sub(self.begins_ms).min(i16::MAX as u64) as i16;
        let [high, low] = relative.to_be_bytes();
        self.blocks.begin(SIMPLE_BLOCK, bytes.len() as u64 + 4);
        self.blocks.0.extend_from_slice(&[0x80 | track, high, low, flags]);
        self.blocks.0.extend_from_slice(bytes);
    }

    /// The cluster, that ends at `ends_ms`; nothing where nothing is in it.
    pub fn finish(self, ends_ms: u64) -> Option<Segment> {
        if self.is_empty {
            return None;
        }
        let mut cluster = Elements::default();
        cluster.parent(CLUSTER, |cluster| {
            cluster.number(TIMESTAMP, self.begins_ms);
            cluster.0.extend_from_slice(&self.blocks.0);
        });
        let duration_ms = ends_ms.saturating_sub(self.begins_ms).max(1);
        Some(Segment {
            bytes: cluster.0,
            about: About {
                duration_ms,
                ..self.about
            },
        })
    }
}

/// A stretch of the recording with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    pub begins_ms: u64,
    pub title: String,
}

/// What stands before the clusters.
#[derive(Clone, Debug, Default)]
pub struct Head<'a> {
    pub title: &'a str,
    /// In milliseconds since the Unix epoch.
    pub began_at: i64,
    pub chapters: &'a [Chapter],
    /// Each with its length in bytes, in their order.
    pub segments: &'a [(About, u64)],
}

/// The beginning of the file; the segments follow it as they are. The same input gives the same bytes.
#[must_use]
pub fn head(head: &Head<'_>) -> Vec<u8> {
    let clusters: u64 = head.segments.iter().map(|(_, length)| length).sum();
    let (info, tracks, chapters) = (info(head), tracks(head), chapters(head.chapters));
    // Positions have all the same length, so those of a first try say how long everything is.
    let fixed = seek_head(&[0; 4]).0.len() + info.0.len() + tracks.0.len() + chapters.0.len();
    let cues_length = cues(head.segments, 0).0.len();
    let before_clusters = (fixed + cues_length) as u64;
    let seek_length = seek_head(&[0; 4]).0.len() as u64;
    let tracks_at = seek_length + info.0.len() as u64;
    let chapters_at = tracks_at + tracks.0.len() as u64;
    let cues_at = chapters_at + chapters.0.len() as u64;
    let mut file = Elements::default();
    file.parent(EBML, |header| {
        header
            .number(0x4286, 1)
            .number(0x42f7, 1)
            .number(0x42f2, 4)
            .number(0x42f3, 8);
        header.text(0x4282, "webm").number(0x4287, 4).number(0x4285, 2);
    });
    file.begin(SEGMENT, before_clusters + clusters);
    let parts = [
        seek_head(&[seek_length, tracks_at, chapters_at, cues_at]),
        info,
        tracks,
        chapters,
        cues(head.segments, before_clusters),
    ];
    parts.iter().for_each(|part| file.0.extend_from_slice(&part.0));
    file.0
}

/// How long the recording is.
#[must_use]
pub fn duration_ms(segments: &[(About, u64)]) -> u64 {
    segments
        .last()
        .map_or(0, |(last, _)| last.begins_ms + last.duration_ms)
}

/// The clusters of a file, each with its first time-stamp.
///
/// # Errors
/// Says why it is no file that can be read to its end.
pub fn clusters(file: &[u8]) -> Result<Vec<(u64, &[u8])>, &'static str> {
    let mut elements = ebml::read(file);
    let is_ebml = elements.next().flatten().is_some_and(|first| first.id == EBML);
    let segment = elements
        .next()
        .flatten()
        .filter(|second| is_ebml && second.id == SEGMENT);
    let segment = segment.ok_or("it is no WebM file, or was cut off")?;
    let mut clusters = Vec::new();
    for element in ebml::read(segment.content) {
        let element = element.ok_or("an element in it is broken")?;
        if element.id == CLUSTER {
            let first = ebml::read(element.content).next().flatten();
            let first = first.filter(|first| first.id == TIMESTAMP && first.content.len() <= 8);
            let at = first.ok_or("a cluster in it is broken")?.content;
            let at = at.iter().fold(0, |at, byte| at << 8 | u64::from(*byte));
            clusters.push((at, element.whole));
        }
    }
    Ok(clusters)
}

fn seek_head(positions: &[u64; 4]) -> Elements {
    let mut seek_head = Elements::default();
    seek_head.parent(0x114d_9b74, |seek_head| {
        for (id, position) in [INFO, TRACKS, CHAPTERS, CUES].into_iter().zip(positions) {
            seek_head.parent(0x4dbb, |seek| {
                seek.bytes(0x53ab, &id.to_be_bytes()).wide(0x53ac, *position);
            });
        }
    });
    seek_head
}

fn info(head: &Head<'_>) -> Elements {
    let mut info = Elements::default();
    info.parent(INFO, |info| {
        info.number(0x2a_d7b1, NANOSECONDS_PER_MS)
            .float(0x4489, duration_ms(head.segments) as f64)
            .bytes(
                0x4461,
                &(head.began_at - EPOCH_MS).saturating_mul(1_000_000).to_be_bytes(),
            )
            .text(0x7ba9, head.title)
            .text(0x4d80, "hoian")
            .text(0x5741, "hoian");
    });
    info
}

fn tracks(head: &Head<'_>) -> Elements {
    let sizes = head.segments.iter().filter_map(|(about, _)| about.size);
    let (width, height) = sizes.fold((1, 1), |(width, height), size| {
        (size.0.max(width), size.1.max(height))
    });
    let mut tracks = Elements::default();
    tracks.parent(TRACKS, |tracks| {
        tracks.parent(TRACK, |video| {
            video
                .number(0xd7, VIDEO.into())
                .number(0x73c5, VIDEO.into())
                .number(0x83, 1);
            video.number(0x9c, 0).text(0x86, "V_VP8");
            video.parent(0xe0, |picture| {
                picture.number(0xb0, width.into()).number(0xba, height.into());
            });
        });
        tracks.parent(TRACK, |audio| {
            audio
                .number(0xd7, AUDIO.into())
                .number(0x73c5, AUDIO.into())
                .number(0x83, 2);
            audio.number(0x9c, 0).text(0x86, "A_OPUS");
            audio
                .bytes(0x63a2, &OPUS_HEAD)
                .number(0x56aa, CODEC_DELAY_NS)
                .number(0x56bb, SEEK_PREROLL_NS);
            audio.text(0x22_b59c, "vie");
            audio.parent(0xe1, |sound| {
                sound.float(0xb5, 48_000.0).number(0x9f, 1);
            });
        });
    });
    tracks
}

fn chapters(chapters: &[Chapter]) -> Elements {
    let mut elements = Elements::default();
    // One that has none is no element, and a void one keeps the place.
    if chapters.is_empty() {
        elements.bytes(VOID, &[]);
        return elements;
    }
    elements.parent(CHAPTERS, |all| {
        all.parent(0x45b9, |edition| {
            for (number, chapter) in (1..).zip(chapters) {
                edition.parent(0xb6, |atom| {
                    atom.number(0x73c4, number)
                        .number(0x91, chapter.begins_ms * NANOSECONDS_PER_MS);
                    atom.parent(0x80, |display| {
                        display.text(0x85, &chapter.title).text(0x437c, "vie");
                    });
                });
            }
        });
    });
    elements
}

fn cues(segments: &[(About, u64)], first: u64) -> Elements {
    let mut cues = Elements::default();
    cues.parent(CUES, |cues| {
        let mut at = first;
        for (about, length) in segments {
            if let Some(key_ms) = about.key_ms {
                cues.parent(0xbb, |point| {
                    point.number(0xb3, key_ms).parent(0xb7, |place| {
                        place.number(0xf7, VIDEO.into()).wide(0xf1, at);
                    });
                });
            }
            at += length;
        }
    });
    cues
}

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const CHAPTERS: u32 = 0x1043_a770;
const CUES: u32 = 0x1c53_bb6b;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const VOID: u32 = 0xec;
const KEY_FRAME: u8 = 0x80;
/// The tracks.
const VIDEO: u8 = 1;
const AUDIO: u8 = 2;
const NANOSECONDS_PER_MS: u64 = 1_000_000;
/// 2001-01-01, from which Matroska counts.
const EPOCH_MS: i64 = 978_307_200_000;
/// RFC 7845 section 5.1: one channel, 312 samples to leave out at the beginning, 48,000 Hz.
const OPUS_HEAD: [u8; 19] = [
    b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', 1, 1, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0,
];
/// What the encoder looks ahead.
const CODEC_DELAY_NS: u64 = 6_500_000;
/// RFC 7845 section 4.6.
const SEEK_PREROLL_NS: u64 = 80_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(begins_ms: u64) -> Segment {
        let mut cluster = Cluster::new(begins_ms);
        cluster.picture(
            begins_ms,
            begins_ms.is_multiple_of(2_000),
            Some((640, 360)),
            &[1; 200],
        );
        cluster.sound(begins_ms + 20, &[2; 90]);
        cluster.finish(begins_ms + 1_000).unwrap()
    }

    #[test]
    fn a_file_has_its_clusters_where_its_cues_say_and_as_they_were() {
        let segments: Vec<Segment> = (0..200).map(|second| segment(second * 1_000)).collect();
        let about: Vec<(About, u64)> = segments
            .iter()
            .map(|segment| (segment.about, segment.bytes.len() as u64))
            .collect();
        let chapters = [Chapter {
            begins_ms: 3_000,
            title: "Báo cáo".to_owned(),
        }];
        let mut file = head(&Head {
            title: "Họp giao ban",
            began_at: 1_790_000_000_000,
            chapters: &chapters,
            segments: &about,
        });
        segments
            .iter()
            .for_each(|segment| file.extend_from_slice(&segment.bytes));
        let found = clusters(&file).unwrap();
        assert_eq!(found.len(), 200);
        for ((at, bytes), segment) in found.iter().zip(&segments) {
            assert_eq!((*at, *bytes), (segment.about.begins_ms, &segment.bytes[..]));
        }
        let whole = ebml::read(&file).nth(1).flatten().unwrap();
        let begin = whole.content.as_ptr() as usize - file.as_ptr() as usize;
        let cues = ebml::read(whole.content)
            .flatten()
            .find(|one| one.id == CUES)
            .unwrap();
        let points: Vec<_> = ebml::read(cues.content).flatten().collect();
        assert_eq!(points.len(), 100);
        let place = ebml::read(points[7].content).flatten().nth(1).unwrap();
        let position = ebml::read(place.content).flatten().nth(1).unwrap().content;
        let position = u64::from_be_bytes(position.try_into().unwrap()) as usize;
        assert!(file[begin + position..].starts_with(&segments[14].bytes));
        assert_eq!(
            clusters(&file[..file.len() - 1]),
            Err("it is no WebM file, or was cut off")
        );
    }
}
