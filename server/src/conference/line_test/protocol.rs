//! The messages of a line test's socket, described in `server/PROTOCOL.md` behind those of a meeting.
//!
//! The TypeScript of the client (`web/src/line-test/protocol.ts`) is written from these types, and a test fails when it has
//! drifted.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::conference::protocol::{ErrorName, IceServer, PublishedTrack, Way};

/// What the page asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// The offer of the connection that sends; one of a new connection ends the former.
    PublishOffer {
        sdp: String,
        tracks: Vec<PublishedTrack>,
    },
    /// Asks for a `subscribe_offer`, by which what is sent comes back; a new connection each time.
    Listen {},
    /// The answer to the last `subscribe_offer`.
    SubscribeAnswer { sdp: String },
    /// Answered by `pong` at once.
    Ping { id: u32 },
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Say {
    Welcome {
        /// For the connection that sends, and for the one that receives. Empty where no relay is offered.
        sends_through: Vec<IceServer>,
        receives_through: Vec<IceServer>,
        /// How long the test may take.
        seconds: u32,
    },
    /// Whether the server's own media ports answer at the addresses that its descriptions name; nothing for a way that it does not offer.
    Ports {
        udp: Option<bool>,
        tcp: Option<bool>,
    },
    PublishAnswer {
        sdp: String,
    },
    SubscribeOffer {
        sdp: String,
    },
    /// What the server measures, each half second while anything comes.
    Measured {
        measured: Measured,
    },
    Pong {
        id: u32,
    },
    Error {
        error: ErrorName,
        sentence: String,
    },
}

/// A line as the server sees it: *up* is what it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Measured {
    /// By which it reaches the connection that sends.
    pub way: Option<Way>,
    pub up_kbps: u32,
    pub up_lost_permille: u32,
    pub up_jitter_ms: u32,
    /// Where the browser reports what arrives: what the line down is believed to carry, up to what was asked of it.
    pub down_estimate_kbps: Option<u32>,
    pub down_lost_permille: Option<u32>,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ts_rs::Config;

    use super::*;

    #[test]
    fn reads_every_message_of_the_document() {
        let document = include_str!("../../../PROTOCOL.md");
        let blocks = |fence: &str| {
            let rest: Vec<&str> = document.split(fence).skip(1).collect();
            rest.into_iter()
                .map(|rest| rest.split("```").next().expect("a block"))
                .collect::<Vec<_>>()
        };
        let (asked, said) = (
            blocks("```json line-test client\n"),
            blocks("```json line-test server\n"),
        );
        for text in &asked {
            serde_json::from_str::<Ask>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        for text in &said {
            serde_json::from_str::<Say>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        assert_eq!((asked.len(), said.len()), (4, 7), "each message has its example");
    }

    /// Run with `UPDATE=1` to write the file anew.
    #[test]
    fn the_typescript_of_the_client_has_not_drifted() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/line-test/protocol.ts");
        let config = Config::new();
        let mut wanted = String::from(
            "// Written from server/src/conference/line_test/protocol.rs; a test keeps it so. Do not edit.\n\
             import type { ErrorName, IceServer, PublishedTrack, Way } from '../meeting/protocol';\n",
        );
        for declaration in [Ask::decl(&config), Say::decl(&config), Measured::decl(&config)] {
            wanted += &format!("\nexport {declaration}\n");
        }
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
}
