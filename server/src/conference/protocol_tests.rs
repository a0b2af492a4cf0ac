use std::path::Path;

use ts_rs::Config;

use super::*;
use crate::domain::ballot::{Electorate, Majority, Outcome, TokenKey};
use crate::domain::floor::How;
use crate::domain::minute_book::Writing;
use crate::domain::paper_signing::Signatory;
use crate::domain::procedure::Microphones;
use crate::domain::roll::{Departure, Interval, Kind, Mark};

#[test]
fn reads_every_message_of_the_document() {
    let document = include_str!("../../PROTOCOL.md");
    let mut client = 0;
    let mut server = 0;
    for block in document.split("```json client\n").skip(1) {
        let text = block.split("```").next().expect("a block");
        serde_json::from_str::<ClientMessage>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        client += 1;
    }
    for block in document.split("```json server\n").skip(1) {
        let text = block.split("```").next().expect("a block");
        serde_json::from_str::<ServerMessage>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        server += 1;
    }
    assert_eq!((client, server), (15, 32), "each message has its example");
}

#[test]
fn the_document_names_every_error_and_close_code() {
    let document = include_str!("../../PROTOCOL.md");
    for error in ERRORS {
        let name = serde_json::to_value(error).expect("a name");
        let row = format!("| `{}` |", name.as_str().expect("a string"));
        assert!(document.contains(&row), "PROTOCOL.md lacks {row}");
        if let Some(code) = error.closes() {
            assert!(
                document.contains(&format!("`{}`", code as u16)),
                "PROTOCOL.md lacks {code:?}"
            );
        }
        assert!(error.sentence().ends_with('.'), "{error:?} is no sentence");
    }
}

#[test]
fn refuses_what_is_not_a_message() {
    let cases = [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"join"}"#,
        r#"{"type":"join","version":-1}"#,
        r#"{"type":"join","version":1,"admin":true}"#,
        r#"{"type":"mute","source":"brain","muted":true}"#,
        r#"{"type":"welcome"}"#,
        r#"{"type":"publish_offer","sdp":"","tracks":[{"mid":"0","source":"camera","x":1}]}"#,
    ];
    for text in cases {
        assert!(
            serde_json::from_str::<ClientMessage>(text).is_err(),
            "{text} was taken"
        );
    }
}

#[test]
fn survives_deep_nesting() {
    let hostile = format!(r#"{{"type":"ping","id":{}1"#, "[".repeat(100_000));
    assert!(serde_json::from_str::<ClientMessage>(&hostile).is_err());
}

/// Run with `UPDATE=1` to write the file anew.
#[test]
fn the_typescript_of_the_client_has_not_drifted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/meeting/protocol.ts");
    let wanted = typescript();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} has drifted: run this test with UPDATE=1",
        path.display()
    );
}

fn typescript() -> String {
    let config = Config::new();
    let declarations = [
        ClientMessage::decl(&config),
        ServerMessage::decl(&config),
        Welcome::decl(&config),
        PublishParameters::decl(&config),
        IceServer::decl(&config),
        Layer::decl(&config),
        Participant::decl(&config),
        Purpose::decl(&config),
        Presence::decl(&config),
        Track::decl(&config),
        TrackState::decl(&config),
        PublishedTrack::decl(&config),
        OwnLine::decl(&config),
        Way::decl(&config),
        OwnCheck::decl(&config),
        Finding::decl(&config),
        ViewedSlot::decl(&config),
        Slot::decl(&config),
        MixedSound::decl(&config),
        ProcedureState::decl(&config),
        FloorState::decl(&config),
        Turn::decl(&config),
        How::decl(&config),
        Current::decl(&config),
        Entry::decl(&config),
        Kind::decl(&config),
        Mark::decl(&config),
        Interval::decl(&config),
        Departure::decl(&config),
        Quorum::decl(&config),
        Rules::decl(&config),
        Microphones::decl(&config),
        Stage::decl(&config),
        Said::decl(&config),
        VoteState::decl(&config),
        OwnBallot::decl(&config),
        MissingVoter::decl(&config),
        Terms::decl(&config),
        TokenKey::decl(&config),
        Electorate::decl(&config),
        Majority::decl(&config),
        Choice::decl(&config),
        Tally::decl(&config),
        End::decl(&config),
        Outcome::decl(&config),
        MinutesState::decl(&config),
        Note::decl(&config),
        Conclusion::decl(&config),
        Writing::decl(&config),
        PaperSigning::decl(&config),
        Signatory::decl(&config),
        RecordingState::decl(&config),
        Knock::decl(&config),
        Step::decl(&config),
        ErrorName::decl(&config),
        Role::decl(&config),
        Act::decl(&config),
        Source::decl(&config),
    ];
    let mut text =
        String::from("// Written from server/src/conference/protocol.rs; a test keeps it so. Do not edit.\n");
    text += &format!("\nexport const VERSION = {VERSION};\n");
    for declaration in declarations {
        text += &format!("\nexport {declaration}\n");
    }
    text
}

const ERRORS: [ErrorName; 26] = [
    ErrorName::Malformed,
    ErrorName::TooLarge,
    ErrorName::TooFast,
    ErrorName::UnsupportedVersion,
    ErrorName::NotJoined,
    ErrorName::AlreadyJoined,
    ErrorName::NameMissing,
    ErrorName::NameUnusable,
    ErrorName::RoomFull,
    ErrorName::Refused,
    ErrorName::DescriptionUnusable,
    ErrorName::MediaUnavailable,
    ErrorName::NothingThere,
    ErrorName::ChatClosed,
    ErrorName::Unusable,
    ErrorName::FloorNeeded,
    ErrorName::TooMany,
    ErrorName::NotKept,
    ErrorName::VoteOpen,
    ErrorName::VoteClosed,
    ErrorName::NotEntitled,
    ErrorName::NoQuorum,
    ErrorName::NotSecret,
    ErrorName::TokenGiven,
    ErrorName::Stale,
    ErrorName::SignatureNeeded,
];
