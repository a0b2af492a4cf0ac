//! Stories in real browsers: the program runs in this process, the scripts beside this file drive Chromium and Firefox.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(
    dead_code,
    reason = "what judges the files of documents judges those of meetings, and not all of it is asked"
)]
#[path = "../documents/judges.rs"]
mod judges;
mod played;

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoian_server::accounts;
use hoian_server::app::App;
use hoian_server::config::Oidc;
use hoian_tests::desktop_tool::{DesktopTool, Mode};
use hoian_tests::mail::MailServer;
use hoian_tests::network::{NAME, Network};
use hoian_tests::remote_service::{CODE, Manner, REMOTE_PIN, RemoteService, USER};
use hoian_tests::signing::{
    LEADER, Office, PARTNER, PIN, SECRETARY, TrainingAuthority, content, expect, paper,
};
use hoian_tests::tls::Authority;
use hoian_tests::token::{self, Display, TOKEN_PIN, Token};
use hoian_tests::{PASSWORD, Server, binary, people};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Chromium and Firefox join the same meeting through the real pages and decode each other's picture and sound; mute is
/// true, a screen takes the stage, mixed sound is one stream without oneself, a reload finds its seat, leaving and ending do
/// what they say, axe finds nothing.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_meet() {
    let server = Server::start().await;
    let given = json!({
        "origin": server.origin(),
        "user_name": "chutich",
        "password": PASSWORD,
        "one_time_code": code(server.app(), "chutich").await,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/meeting"),
    });
    run("meeting.mjs", &given.to_string(), Duration::from_secs(300)).await;
    server.stop().await;
}

/// A camera and a monitor get their links in the pages; Debian's WHIP client is seen and heard, and plain pages of another origin
/// watch over WHEP in Chromium and Firefox what is on the stage.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_publishes_and_monitors_watch() {
    let server = Server::start().await;
    let given = json!({
        "origin": server.origin(),
        "user_name": "chutich",
        "password": PASSWORD,
        "one_time_code": code(server.app(), "chutich").await,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/devices"),
    });
    run("devices.mjs", &given.to_string(), Duration::from_secs(300)).await;
    server.stop().await;
}

/// The same two meet through one TCP port, where the network lets through what looks like HTTPS and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_meet_through_one_port_that_carries_tls_alone() {
    let network = Network::new().unwrap();
    let house = House::behind(&network).await;
    network.filter(&house.tls_alone()).unwrap();
    let House { server, port, folder } = house;
    let given = json!({
        "origin": format!("https://{NAME}:{port}"),
        "user_name": "chutich",
        "password": PASSWORD,
        "one_time_code": code(server.app(), "chutich").await,
        "trust": folder.path().join("ca.pem"),
        "metrics_token": "bi-mat-so-lieu",
    });
    let node = Command::from(network.command("node"));
    run_by(node, "apart.mjs", &given.to_string(), Duration::from_secs(240)).await;
    server.stop().await;
}

/// The program where pages, sockets and media share one port, over TLS, as it is reached from a network of its own.
struct House {
    server: Server,
    port: u16,
    /// With the certificate of its authority.
    folder: tempfile::TempDir,
}

impl House {
    async fn behind(network: &Network) -> House {
        let free = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let authority = Authority::new("Tests");
        let (certificate, key) = authority.certify(NAME);
        std::fs::write(place("ca.pem"), &authority.pem).unwrap();
        std::fs::write(place("chain.pem"), certificate + &authority.pem).unwrap();
        std::fs::write(place("key.pem"), key).unwrap();
        let server = Server::start_with(|config| {
            config.http.address = ([0, 0, 0, 0], port).into();
            config.http.public_origin = Some(format!("https://{NAME}:{port}"));
            config.http.tls_certificate = Some(place("chain.pem"));
            config.http.tls_key = Some(place("key.pem"));
            config.http.carries_media = true;
            config.http.metrics_token = Some("bi-mat-so-lieu".to_owned());
            config.media.addresses = vec![network.server.into()];
        })
        .await;
        House { server, port, folder }
    }

    /// Lets through what looks like HTTPS and nothing else.
    fn tls_alone(&self) -> [String; 3] {
        let Self { port, .. } = self;
        [
            // A check of ICE-TCP has STUN's magic cookie behind its frame's length.
            "@ih,48,32 0x2112a442 drop".to_owned(),
            format!("tcp dport {port} accept"),
            format!("tcp sport {port} accept"),
        ]
    }
}

/// Both browsers find an open network good, by an account and by a link; one without a camera says so, and a server that nobody
/// reaches is told from a network that lets nothing through.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_tested_where_nothing_is_in_the_way() {
    let server = Server::start().await;
    let chair = server.log_in("chutich").await;
    let called = chair
        .post("/api/v1/meetings")
        .json(&json!({ "title": "Giao ban" }));
    let meeting: serde_json::Value = called.send().await.unwrap().json().await.unwrap();
    let works = json!({ "udp": "works", "tcp": "works", "turn_tls": "closed" });
    let good = json!(["ready"]);
    test_line(
        &server,
        None,
        json!({ "browser": "chromium", "ways": works, "verdicts": good, "pictures": "open" }),
    )
    .await;
    let by_link =
        json!({ "browser": "firefox", "link": meeting["link_code"], "ways": works, "verdicts": good });
    test_line(&server, None, by_link).await;
    let blind = json!({ "browser": "chromium", "cameras": 0, "ways": works, "verdicts": ["camera-missing"], "pictures": "no-camera" });
    test_line(&server, None, blind).await;
    server.stop().await;
    let server = Server::start_with(|config| {
        // An address that nobody has (RFC 5737).
        config.media.addresses = vec!["192.0.2.7".parse().unwrap()];
        config.media.tcp = false;
    })
    .await;
    let dead = json!({ "browser": "chromium", "ways": { "udp": "fails", "tcp": "closed" }, "verdicts": ["ports-dead"] });
    test_line(&server, None, dead).await;
    server.stop().await;
}

/// Every way alone, through filters: all of them, all but UDP, and TLS on one port alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_tested_through_filters() {
    let network = Network::new().unwrap();
    let house = House::behind(&network).await;
    let House { server, port, folder } = &house;
    let run = |browser: &str, ways: serde_json::Value, verdict: &str| {
        let given = json!({
            "browser": browser,
            "origin": format!("https://{NAME}:{port}"),
            "trust": folder.path().join("ca.pem"),
            "ways": ways,
            "verdicts": [verdict],
            "pictures": (browser == "chromium").then_some(verdict),
        });
        test_line(server, Some(&network), given)
    };
    let works = json!({ "udp": "works", "tcp": "works", "turn_tls": "works" });
    // Nobody answers there to questions for names: refused, they cost no time.
    network.filter(&["udp dport 53 drop", "accept"]).unwrap();
    run("chromium", works, "ready").await;
    network.filter(&["meta l4proto tcp accept"]).unwrap();
    let without_udp = json!({ "udp": "fails", "tcp": "works", "turn_tls": "works" });
    run("firefox", without_udp.clone(), "udp-blocked").await;
    run("chromium", without_udp, "udp-blocked").await;
    network.filter(&house.tls_alone()).unwrap();
    let tls_alone = json!({ "udp": "fails", "tcp": "fails", "turn_tls": "works" });
    run("chromium", tls_alone, "relay-only").await;
    house.server.stop().await;
}

async fn test_line(server: &Server, network: Option<&Network>, mut given: serde_json::Value) {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/line-test");
    let object = given.as_object_mut().unwrap();
    object.entry("origin").or_insert_with(|| json!(server.origin()));
    object.insert("folder".to_owned(), json!(pictures));
    object.insert("password".to_owned(), json!(PASSWORD));
    let node = network.map_or_else(
        || Command::new("node"),
        |network| Command::from(network.command("node")),
    );
    run_by(
        node,
        "line-test.mjs",
        &given.to_string(),
        Duration::from_secs(180),
    )
    .await;
}

/// A conference from its invitation to the papers that come of it: the invitation through the document flow, letters, answers, a
/// test call, roll call, agenda, speeches, a lost line, the chat, the wall, an open and a secret vote, a paper signed on the stage,
/// the door; minutes, records of the votes and the notice signed, sealed and issued. Then others judge every paper, and the record.
#[tokio::test(flavor = "multi_thread")]
async fn a_conference_is_played_from_its_invitation_to_its_issued_papers() {
    let mail = MailServer::start();
    let office = Office::open_with(|config| config.mail = mail.settings()).await;
    office.enrol_partner().await;
    let officer = office.server.log_in(SECRETARY).await;
    let draft = expect(office.upload(&officer, paper()).await, 201).await;
    office.server.clock.advance(Duration::from_secs(60));
    let app = office.app();
    let given = json!({
        "origin": office.server.origin(),
        "people": { "chair": LEADER, "secretary": SECRETARY, "host": "vanthu", "receiver": "vanthu.anphu", "delegate": PARTNER },
        "password": PASSWORD,
        "pin": PIN,
        "codes": {
            "chair": code(app, LEADER).await,
            "host": code(app, "vanthu").await,
            "receiver": code(app, "vanthu.anphu").await,
            "delegate": code(app, PARTNER).await,
        },
        "document": draft["id"],
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/conference"),
    });
    let time = played::let_time_pass(app);
    run("conference.mjs", &given.to_string(), Duration::from_secs(900)).await;
    time.abort();
    played::judge(&office).await;
    let letters = mail.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "anh@ubnd.test");
}

/// A question is put to the vote and answered in real pages, openly and in secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_openly_and_in_secret() {
    let server = Server::start().await;
    let given = json!({
        "origin": server.origin(),
        "chair": "chutich",
        "password": PASSWORD,
        "code": code(server.app(), "chutich").await,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/vote"),
    });
    run("vote.mjs", &given.to_string(), Duration::from_secs(240)).await;
    server.stop().await;
}

/// A ballot is signed in a meeting whose plan asks for it; a question in writing is put with a paper, told by a notice, answered
/// openly and in secret, and its result becomes a paper that two sign.
#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_is_signed_and_questions_are_answered_in_writing() {
    let office = Office::open().await;
    let document = office.submitted().await;
    office.server.clock.advance(Duration::from_secs(60));
    let given = json!({
        "origin": office.server.origin(),
        "document": document,
        "chair": LEADER,
        "secretary": SECRETARY,
        "password": PASSWORD,
        "pin": PIN,
        "code": code(office.app(), LEADER).await,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/written"),
    });
    run("written.mjs", &given.to_string(), Duration::from_secs(240)).await;
}

/// The wall of two hundred sites: forty tiles a page with their stills, and what it costs the page is printed.
#[tokio::test(flavor = "multi_thread")]
async fn a_wall_of_two_hundred_sites_shows_them_page_by_page() {
    let server = Server::start().await;
    let given = json!({
        "origin": server.origin(),
        "chair": "chutich",
        "password": PASSWORD,
        "one_time_code": code(server.app(), "chutich").await,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/wall"),
    });
    run("wall.mjs", &given.to_string(), Duration::from_secs(240)).await;
    server.stop().await;
}

/// A leader enrols the key on a USB token and signs with it in Chromium, then signs in Firefox.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_signs_with_a_token_in_both_browsers() {
    let office = Office::open().await;
    let origin = office.server.origin();
    let token = Token::with(office.authority.pkcs12("token"), PIN).await;
    let display = Display::open().await;
    let folder = tempfile::tempdir().unwrap();
    let host = token::install(folder.path(), &token, &display, &[&origin]);
    for (browser, enrols) in [("chromium", true), ("firefox", false)] {
        let id = office.submitted().await;
        // A one-time code counts once.
        office.server.clock.advance(Duration::from_secs(60));
        let given = json!({
            "browser": browser,
            "enrols": enrols,
            "origin": origin,
            "foreign": origin.replace("127.0.0.1", "localhost"),
            "user": LEADER,
            "full_name": "Trần Văn Minh",
            "password": PASSWORD,
            "code": code(office.app(), LEADER).await,
            "host": host,
            "display": display.name(),
            "pin": TOKEN_PIN,
            "document": id,
            "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/token"),
        });
        run("token.mjs", &given.to_string(), Duration::from_secs(240)).await;
        let officer = office.server.log_in("chuyenvien").await;
        let file = content(&officer, &id, "latest").await;
        judges::accept_all(&office.authority.root, &file, 1);
    }
}

/// By the state's desktop tool and by a remote service, through the real pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_signs_with_the_desktop_tool_and_from_afar() {
    let authority = TrainingAuthority::start().await;
    let tool = DesktopTool::open(authority.pkcs12("token"), PIN).await;
    // Enrols, closes the window once, then signs.
    tool.behave_in_turn([Mode::Success, Mode::Cancel, Mode::Success]);
    let service = RemoteService::start(authority.pkcs12("afar"), authority.pkcs12("stranger"), PIN).await;
    service.behave(Manner {
        is_asynchronous: true,
        ..Manner::default()
    });
    let address = tool.address.clone();
    let office = Office::open_by(authority, |config| {
        config.signing.desktop_tool = Some(address);
        service.configure(config);
    })
    .await;
    let (by_tool, from_afar) = (office.submitted().await, office.submitted().await);
    office.server.clock.advance(Duration::from_secs(60));
    let given = json!({
        "origin": office.server.origin(),
        "user": LEADER,
        "password": PASSWORD,
        "code": code(office.app(), LEADER).await,
        "by_tool": by_tool,
        "from_afar": from_afar,
        "remote_user": USER,
        "remote_pin": REMOTE_PIN,
        "remote_code": CODE,
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/ways"),
    });
    let clock = office.server.clock.clone();
    let time = tokio::spawn(async move {
        loop {
            // The service takes some seconds for each signature.
            for _ in 0..12 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                clock.advance(Duration::from_secs(1));
            }
            service.make();
        }
    });
    run("ways.mjs", &given.to_string(), Duration::from_secs(240)).await;
    time.abort();
    let officer = office.server.log_in("chuyenvien").await;
    // The house's time-stamp over the tool's signature is one of the document.
    for (id, stamped) in [(&by_tool, 0), (&from_afar, 1)] {
        let file = content(&officer, id, "latest").await;
        judges::accept_stamped(&office.authority.root, &file, 1, stamped);
    }
}

/// By a provider of OpenID Connect and by a passkey, through the real pages.
#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_by_a_provider_and_by_a_passkey() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = Server::start_with(|config| {
        config.oidc = Some(Oidc {
            issuer: format!("http://127.0.0.1:{port}"),
            client_id: "hoian".to_owned(),
            client_secret: Some("bi-mat-cua-hoian".to_owned()),
            name: "tài khoản công chức".to_owned(),
            claim: "preferred_username".to_owned(),
            scopes: vec!["profile".to_owned()],
            has_second_factor: false,
            tls_roots: None,
        });
    })
    .await;
    let given = json!({
        // A name: addresses have no passkeys.
        "origin": format!("http://localhost:{}", server.running.http.port()),
        "provider_port": port,
        "client": "hoian",
        "secret": "bi-mat-cua-hoian",
        "password": PASSWORD,
        "codes": { "chutich": code(server.app(), "chutich").await, "vanthu": code(server.app(), "vanthu").await },
        "pictures": Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/entrance"),
    });
    run("entrance.mjs", &given.to_string(), Duration::from_secs(240)).await;
    server.stop().await;
}

async fn code(app: &App, user_name: &str) -> String {
    let code = accounts::current_code(app, user_name).await;
    code.expect("leaders and clerks have a code")
}

/// The program is killed in the middle of a meeting and started anew: both come back without a click to the same seats, and
/// the roll keeps the interval that the crash ended.
#[tokio::test(flavor = "multi_thread")]
async fn who_meets_while_the_program_is_killed_comes_back_by_themselves() {
    run("restart.mjs", "", Duration::from_secs(240)).await;
}

/// A meeting is recorded with turns, a screen and a pause; ffmpeg, both browsers and the record judge the file, and a second one
/// outlives the program that is killed while it is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_plays_everywhere_and_outlives_a_kill() {
    let seconds = std::env::var("RECORDING_SECONDS").map_or(30, |seconds| seconds.parse().expect("a number"));
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/recording");
    run(
        "recording.mjs",
        &json!({ "pictures": pictures }).to_string(),
        Duration::from_secs(270 + 2 * seconds),
    )
    .await;
}

/// A clerk issues an urgent paper to 150 receivers, two of them take it in; it is recalled, one gives it back and one keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_paper_goes_to_150_receivers_and_is_asked_back() {
    let office = Office::open().await;
    let more = people::add_communes(office.app(), RECEIVERS - 2).await;
    assert_eq!(more.len(), RECEIVERS - 2);
    let id = office.sealed_with(3).await;
    // The sessions that made the paper used codes of earlier moments.
    office.server.clock.advance(Duration::from_secs(60));
    let mut codes = serde_json::Map::new();
    for user in ["vanthu", "vanthu.anphu", "vanthu.sonv"] {
        let code = accounts::current_code(office.app(), user).await;
        codes.insert(user.to_owned(), json!(code.expect("a clerk has a code")));
    }
    let given = json!({
        "origin": office.server.origin(),
        "password": PASSWORD,
        "codes": codes,
        "document": id,
        "receivers": RECEIVERS,
    });
    run("fanout.mjs", &given.to_string(), Duration::from_secs(300)).await;
    office.server.stop().await;
}

/// As many receivers as a province has.
const RECEIVERS: usize = 150;

/// A paper goes from an officer's desk to a department's register and to anyone who asks, through the real pages; at every
/// scene, on a desk and on a phone, axe finds nothing, nothing scrolls sideways and no target is under 44 px.
#[tokio::test(flavor = "multi_thread")]
async fn a_paper_goes_its_way_through_pages_that_anyone_can_use() {
    run("axe.mjs", "", Duration::from_secs(500)).await;
}

/// Runs a script with `given` as its one argument; its words go to the test's output.
async fn run(script: &str, given: &str, patience: Duration) {
    run_by(Command::new("node"), script, given, patience).await;
}

async fn run_by(mut node: Command, script: &str, given: &str, patience: Duration) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browsers");
    assert!(
        folder.join("node_modules").exists(),
        "run `npm ci` in tests/browsers first (`make test` does)"
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist/index.html");
    assert!(
        page.exists(),
        "run `npm ci && npm run build` in web first (`make test` does)"
    );
    let mut node = node
        .arg(script)
        .arg(given)
        .env("TESTED_PROGRAMS", binary::hoian().parent().expect("its folder"))
        // It is the tests', and the program refuses settings that it does not know.
        .env_remove("HOIAN_CORPUS")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let words = LastWords::default();
    let listening = [
        words.hear(node.stdout.take().expect("its output")),
        words.hear(node.stderr.take().expect("its complaints")),
    ];
    let ended = tokio::time::timeout(patience, node.wait()).await;
    // What a browser still says is not waited for.
    let _ = tokio::time::timeout(Duration::from_secs(1), futures::future::join_all(listening)).await;
    let is_well = matches!(&ended, Ok(Ok(status)) if status.success());
    assert!(is_well, "{script}: {ended:?}; its last words:\n{}", words.said());
}

/// What a script said last, for whoever reads that it failed: tests beside it talk at the same time.
#[derive(Default, Clone)]
struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    const LINES: usize = 60;

    fn hear(&self, source: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        let words = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(source).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                println!("{line}");
                let mut kept = words.0.lock().unwrap();
                kept.push_back(line);
                if kept.len() > Self::LINES {
                    kept.pop_front();
                }
            }
        })
    }

    fn said(&self) -> String {
        let kept = self.0.lock().unwrap();
        kept.iter().cloned().collect::<Vec<_>>().join("\n")
    }
}
