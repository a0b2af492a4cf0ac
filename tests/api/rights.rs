//! The matrix of rights: every route of the OpenAPI document has a row, every row is tried as every role.
//!
//! A row says at which gate each caller stops. Ids in paths name nothing, so a caller who passes the role's gate gets
//! 404 or 400 here, which counts as let in; who may see a thing that exists is told by the stories of its area.

use hoian_tests::{Client, Server};
use reqwest::Method;
use serde_json::Value;

/// Nobody, then one of each role: administrator, leader, clerk, officer.
const CALLERS: [Option<&str>; 5] = [
    None,
    Some("quantri"),
    Some("chutich"),
    Some("vanthu"),
    Some("chuyenvien"),
];

/// Anybody may ask.
const PUBLIC: &str = ".....";
/// Anybody with a session.
const PEOPLE: &str = "L....";
/// Those who may call a meeting: everybody but administrators.
const CALLERS_OF_MEETINGS: &str = "LF...";

/// Those who administer alone; how far each reaches: tests/api/administration.rs.
const ADMINISTRATORS: &str = "L.FFF";

/// Nobody by a session.
const DEVICES: &str = "LLLLL";

/// Method, path, and one mark a caller: `.` let in, `L` log-in required (401), `F` forbidden (403).
const MATRIX: &[(&str, &str, &str)] = &[
    ("get", "/healthz", PUBLIC),
    ("get", "/readyz", PUBLIC),
    // A token opens it, no role: tests/api/metrics.rs.
    ("get", "/metrics", PUBLIC),
    ("post", "/api/v1/session", PUBLIC),
    ("get", "/api/v1/session", PEOPLE),
    ("delete", "/api/v1/session", PEOPLE),
    // What is sealed in the browser's cookie, and the provider's word, are the right: tests/api/provider.rs.
    ("get", "/api/v1/session/ways", PUBLIC),
    ("post", "/api/v1/session/provider", PUBLIC),
    ("post", "/api/v1/session/provider/answer", PUBLIC),
    ("post", "/api/v1/session/provider/code", PUBLIC),
    // Everybody keeps their own keys alone, and what the device signs is the right: tests/api/passkeys.rs.
    ("get", "/api/v1/session/passkeys", PEOPLE),
    ("post", "/api/v1/session/passkeys", PEOPLE),
    ("post", "/api/v1/session/passkeys/question", PEOPLE),
    ("delete", "/api/v1/session/passkeys/{id}", PEOPLE),
    ("post", "/api/v1/session/passkey/question", PUBLIC),
    ("post", "/api/v1/session/passkey", PUBLIC),
    ("put", "/api/v1/session/mail-address", PEOPLE),
    // Everybody ends their own sessions alone: tests/api/own_account.rs.
    ("get", "/api/v1/sessions", PEOPLE),
    ("delete", "/api/v1/sessions/{id}", PEOPLE),
    ("put", "/api/v1/session/password", PEOPLE),
    ("get", "/api/v1/session/personal-data", PEOPLE),
    // Who forgot the password has no session, and the word in the link is the right.
    ("post", "/api/v1/password-resets", PUBLIC),
    ("post", "/api/v1/password-resets/redemption", PUBLIC),
    ("get", "/api/v1/agencies", PEOPLE),
    ("get", "/api/v1/people", PEOPLE),
    ("get", "/api/v1/admin/people", ADMINISTRATORS),
    ("post", "/api/v1/admin/people", ADMINISTRATORS),
    ("get", "/api/v1/admin/people/{id}", ADMINISTRATORS),
    ("put", "/api/v1/admin/people/{id}/full-name", ADMINISTRATORS),
    ("put", "/api/v1/admin/people/{id}/memberships", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/lock", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/unlock", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/session-end", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/first-password", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/one-time-code", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/password-link", ADMINISTRATORS),
    ("get", "/api/v1/admin/people/{id}/personal-data", ADMINISTRATORS),
    ("post", "/api/v1/admin/people/{id}/erasure", ADMINISTRATORS),
    ("get", "/api/v1/admin/lists/{list}", ADMINISTRATORS),
    ("post", "/api/v1/admin/lists/{list}", ADMINISTRATORS),
    ("get", "/api/v1/admin/lists/{list}/template", ADMINISTRATORS),
    ("get", "/api/v1/admin/health", ADMINISTRATORS),
    ("get", "/api/v1/admin/agencies", ADMINISTRATORS),
    ("post", "/api/v1/admin/agencies", ADMINISTRATORS),
    ("get", "/api/v1/admin/agencies/{id}", ADMINISTRATORS),
    ("put", "/api/v1/admin/agencies/{id}", ADMINISTRATORS),
    ("post", "/api/v1/admin/agencies/{id}/aliases", ADMINISTRATORS),
    (
        "delete",
        "/api/v1/admin/agencies/{id}/aliases/{organ_id}",
        ADMINISTRATORS,
    ),
    // The province's administrator alone: tests/api/trust.rs.
    ("get", "/api/v1/admin/trust-anchors", ADMINISTRATORS),
    ("post", "/api/v1/admin/trust-anchors", ADMINISTRATORS),
    ("post", "/api/v1/admin/trust-anchors/reading", ADMINISTRATORS),
    (
        "post",
        "/api/v1/admin/trust-anchors/{fingerprint}/retirement",
        ADMINISTRATORS,
    ),
    // The province's administrator alone: tests/api/api_keys.rs.
    ("get", "/api/v1/admin/api-keys", ADMINISTRATORS),
    ("post", "/api/v1/admin/api-keys", ADMINISTRATORS),
    ("post", "/api/v1/admin/api-keys/{id}/retirement", ADMINISTRATORS),
    ("get", "/api/v1/admin/substitutions", ADMINISTRATORS),
    ("post", "/api/v1/admin/substitutions", ADMINISTRATORS),
    ("post", "/api/v1/admin/substitutions/{id}/end", ADMINISTRATORS),
    ("get", "/api/v1/documents", PEOPLE),
    // What a person may do with a document depends on the document: domain/document.rs has that table.
    ("post", "/api/v1/documents", PEOPLE),
    ("post", "/api/v1/documents/sample", PEOPLE),
    ("get", "/api/v1/document-kinds", PEOPLE),
    ("get", "/api/v1/documents/duplicates", PEOPLE),
    ("post", "/api/v1/documents/preview", PEOPLE),
    ("post", "/api/v1/documents/written", PEOPLE),
    ("post", "/api/v1/documents/{id}/revision", PEOPLE),
    ("post", "/api/v1/documents/{id}/rewriting", PEOPLE),
    ("post", "/api/v1/documents/{id}/appendices", PEOPLE),
    (
        "post",
        "/api/v1/documents/{id}/appendices/{number}/removal",
        PEOPLE,
    ),
    (
        "get",
        "/api/v1/documents/{id}/appendices/{number}/content",
        PEOPLE,
    ),
    ("post", "/api/v1/documents/{id}/initial", PEOPLE),
    ("post", "/api/v1/documents/{id}/outside", PEOPLE),
    (
        "post",
        "/api/v1/documents/{id}/outside/{sending}/tracking",
        PEOPLE,
    ),
    ("post", "/api/v1/documents/{id}/outside/{sending}/address", PEOPLE),
    ("get", "/api/v1/documents/{id}/package", PEOPLE),
    ("get", "/api/v1/signing-rule", PEOPLE),
    // Which agency a copy is made for stands in the form; its clerk alone may: tests/documents/copies.rs.
    ("get", "/api/v1/copies", PEOPLE),
    ("post", "/api/v1/copies", PEOPLE),
    ("get", "/api/v1/copies/{id}/content", PEOPLE),
    // Each signer sets the rule about their own signature, in an agency where they sign.
    ("post", "/api/v1/signing-rule", PEOPLE),
    ("get", "/api/v1/dispatches/{id}/attached", PEOPLE),
    (
        "get",
        "/api/v1/dispatches/{id}/appendices/{number}/content",
        PEOPLE,
    ),
    ("get", "/api/v1/documents/{id}", PEOPLE),
    ("get", "/api/v1/documents/{id}/signature-image", PEOPLE),
    ("get", "/api/v1/documents/{id}/versions/{number}/content", PEOPLE),
    ("post", "/api/v1/documents/{id}/submission", PEOPLE),
    ("post", "/api/v1/documents/{id}/return", PEOPLE),
    ("post", "/api/v1/documents/{id}/signature", PEOPLE),
    // A word opens a request, no role; what it is for was asked by its signer: tests/keys/token.rs.
    ("post", "/api/v1/signature-requests/opening", PUBLIC),
    ("post", "/api/v1/documents/{id}/signature-requests", PEOPLE),
    (
        "post",
        "/api/v1/documents/{id}/signature-requests/{request}/signature",
        PEOPLE,
    ),
    // Everybody enrols their own key alone, and the certificate must name them: tests/keys/token.rs.
    ("get", "/api/v1/session/signing-key", PEOPLE),
    ("get", "/api/v1/session/agency-keys", PEOPLE),
    ("post", "/api/v1/session/signing-key/requests", PEOPLE),
    (
        "post",
        "/api/v1/session/signing-key/requests/{request}/signature",
        PEOPLE,
    ),
    // Everybody uses their own key at the remote service alone; a word lets that call back, no role: tests/keys/remote.rs.
    ("get", "/api/v1/session/signing-ways", PEOPLE),
    ("post", "/api/v1/session/remote-keys", PEOPLE),
    ("post", "/api/v1/session/signing-key/remote", PEOPLE),
    ("post", "/api/v1/session/signing-key/remote/codes", PEOPLE),
    ("post", "/api/v1/documents/{id}/remote-signature", PEOPLE),
    ("get", "/api/v1/session/remote-requests/{request}", PEOPLE),
    ("post", "/api/v1/signature-requests/calls/{word}", PUBLIC),
    // The state's desktop tool has a word in the place of a session: tests/keys/desktop.rs.
    ("post", "/api/v1/documents/{id}/desktop-requests", PEOPLE),
    ("post", "/api/v1/session/signing-key/desktop-requests", PEOPLE),
    ("get", "/api/v1/signature-requests/files/{word}", PUBLIC),
    ("post", "/api/v1/signature-requests/files/{word}", PUBLIC),
    ("post", "/api/v1/documents/{id}/number", PEOPLE),
    ("post", "/api/v1/documents/{id}/seal", PEOPLE),
    ("post", "/api/v1/documents/{id}/issue", PEOPLE),
    ("post", "/api/v1/documents/{id}/recall", PEOPLE),
    ("get", "/api/v1/dispatches", PEOPLE),
    ("get", "/api/v1/dispatches/counts", PEOPLE),
    // The agency that registers a paper stands in the form; its clerk alone may: tests/documents/paper.rs.
    ("post", "/api/v1/dispatches/paper", PEOPLE),
    ("put", "/api/v1/dispatches/{id}/paper", PEOPLE),
    ("get", "/api/v1/dispatches/{id}/stamped", PEOPLE),
    ("get", "/api/v1/dispatches/{id}", PEOPLE),
    ("get", "/api/v1/dispatches/{id}/content", PEOPLE),
    // What a person may do with a dispatch depends on the dispatch: domain/dispatch.rs has that table.
    ("post", "/api/v1/dispatches/{id}/receipt", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/instruction", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/delegation", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/forwarding", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/opinion", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/progress", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/completion", PEOPLE),
    ("post", "/api/v1/dispatches/{id}/recall-answer", PEOPLE),
    // Everybody meets their own notices alone: tests/documents/following.rs.
    ("get", "/api/v1/notices", PEOPLE),
    ("get", "/api/v1/notices/count", PEOPLE),
    ("post", "/api/v1/notices/{id}/reading", PEOPLE),
    ("post", "/api/v1/notices/reading", PEOPLE),
    // Whoever asks finds what the rules let them know of: tests/documents/search.rs.
    ("get", "/api/v1/search", PEOPLE),
    ("get", "/api/v1/numbers", PEOPLE),
    ("post", "/api/v1/numbers/reservations", PEOPLE),
    ("post", "/api/v1/numbers/reservations/{id}/release", PEOPLE),
    ("post", "/api/v1/numbers/groupings", PEOPLE),
    // What a person may do with a case file depends on the file: domain/case_file.rs, tests/documents/filing.rs.
    ("get", "/api/v1/case-files", PEOPLE),
    ("post", "/api/v1/case-files", PEOPLE),
    ("get", "/api/v1/case-files/print", PEOPLE),
    ("get", "/api/v1/case-files/{id}", PEOPLE),
    ("get", "/api/v1/case-files/{id}/contents", PEOPLE),
    ("post", "/api/v1/case-files/{id}/amendment", PEOPLE),
    ("post", "/api/v1/case-files/{id}/opening", PEOPLE),
    ("post", "/api/v1/case-files/{id}/papers", PEOPLE),
    (
        "post",
        "/api/v1/case-files/{id}/papers/{document}/removal",
        PEOPLE,
    ),
    ("post", "/api/v1/case-files/{id}/closure", PEOPLE),
    ("post", "/api/v1/case-files/{id}/reopening", PEOPLE),
    ("get", "/api/v1/registers/{register}", PEOPLE),
    ("get", "/api/v1/registers/{register}/print", PEOPLE),
    ("post", "/api/v1/verifications", PUBLIC),
    // The word on the paper is the right: tests/documents/lookup.rs.
    ("get", "/api/v1/lookups/{word}", PUBLIC),
    ("get", "/api/v1/meetings/{id}/votes/{vote}/ballots", PEOPLE),
    // Who is entitled: tests/documents/meeting.rs.
    ("post", "/api/v1/meetings/{id}/votes/{vote}/ballot", PEOPLE),
    // Who casts a secret ballot is not asked; the token entitles: tests/conference/secret.rs.
    ("post", "/api/v1/ballots", PUBLIC),
    ("get", "/api/v1/meetings", PEOPLE),
    ("post", "/api/v1/meetings", CALLERS_OF_MEETINGS),
    ("get", "/api/v1/meetings/{id}", PEOPLE),
    // What a person may do in a meeting depends on the meeting: domain/meeting_right.rs, tests/conference/rights.rs.
    ("put", "/api/v1/meetings/{id}", PEOPLE),
    ("get", "/api/v1/meetings/{id}/preparation", PEOPLE),
    ("post", "/api/v1/meetings/{id}/reply", PEOPLE),
    ("post", "/api/v1/meetings/{id}/agencies/{agency}/reply", PEOPLE),
    ("post", "/api/v1/meetings/{id}/invitation", PEOPLE),
    ("post", "/api/v1/meetings/{id}/cancellation", PEOPLE),
    ("get", "/api/v1/documents/{id}/meeting", PEOPLE),
    ("get", "/api/v1/meetings/{id}/board", PEOPLE),
    ("get", "/api/v1/meetings/{id}/papers", PEOPLE),
    ("post", "/api/v1/meetings/{id}/papers", PEOPLE),
    ("delete", "/api/v1/meetings/{id}/papers/{paper}", PEOPLE),
    ("get", "/api/v1/meetings/{id}/papers/{paper}/content", PEOPLE),
    ("get", "/api/v1/meetings/{id}/devices", PEOPLE),
    ("post", "/api/v1/meetings/{id}/devices", PEOPLE),
    ("delete", "/api/v1/meetings/{id}/devices/{device}", PEOPLE),
    // No session opens these: a device's token does, and what may be asked of them is for any page: tests/conference/devices.rs.
    ("post", "/api/v1/meetings/{id}/whip", DEVICES),
    ("options", "/api/v1/meetings/{id}/whip", PUBLIC),
    ("post", "/api/v1/meetings/{id}/whep", DEVICES),
    ("options", "/api/v1/meetings/{id}/whep", PUBLIC),
    ("patch", "/api/v1/meetings/{id}/streams/{stream}", DEVICES),
    ("delete", "/api/v1/meetings/{id}/streams/{stream}", DEVICES),
    ("options", "/api/v1/meetings/{id}/streams/{stream}", PUBLIC),
    // Who opens, who signs: tests/conference/signing.rs.
    ("post", "/api/v1/meetings/{id}/papers/{paper}/signing", PEOPLE),
    ("post", "/api/v1/meetings/{id}/papers/{paper}/signature", PEOPLE),
    ("get", "/api/v1/meetings/{id}/papers/{paper}/signed", PEOPLE),
    ("get", "/api/v1/meetings/{id}/papers/{paper}/notes", PEOPLE),
    ("put", "/api/v1/meetings/{id}/papers/{paper}/notes", PEOPLE),
    ("get", "/api/v1/meetings/{id}/roll", PEOPLE),
    ("get", "/api/v1/meetings/{id}/minutes", PEOPLE),
    ("post", "/api/v1/meetings/{id}/minutes/entries", PEOPLE),
    ("post", "/api/v1/meetings/{id}/outcomes", PEOPLE),
    ("post", "/api/v1/meetings/{id}/outcomes/refresh", PEOPLE),
    // Chair, secretary, and the administrator of the agency: tests/conference/record.rs.
    ("get", "/api/v1/meetings/{id}/record", PEOPLE),
    ("get", "/api/v1/meetings/{id}/recordings", PEOPLE),
    ("get", "/api/v1/meetings/{id}/recordings/{number}", PEOPLE),
    ("get", "/api/v1/meetings/{id}/lines", PEOPLE),
    ("get", "/api/v1/meetings/{id}/lines/table", PEOPLE),
    ("post", "/api/v1/meetings/{id}/speech", PEOPLE),
    ("get", "/api/v1/meetings/{id}/stills/{seat}", PEOPLE),
    // Who is asked sees a question, who may call a meeting puts one: tests/conference/written.rs.
    ("get", "/api/v1/opinions", PEOPLE),
    ("post", "/api/v1/opinions", PEOPLE),
    ("get", "/api/v1/opinions/{id}", PEOPLE),
    ("post", "/api/v1/opinions/{id}/ballot", PEOPLE),
    ("post", "/api/v1/opinions/{id}/token", PEOPLE),
    ("post", "/api/v1/opinions/{id}/closing", PEOPLE),
    ("get", "/api/v1/calendar", PEOPLE),
    ("get", "/api/v1/calendar/busy", PEOPLE),
    ("post", "/api/v1/calendar/feed", PEOPLE),
    // Calendar programs hold nothing but the secret in the address.
    ("get", "/api/v1/calendar/feed/{secret}", PUBLIC),
    // A guest holds nothing but the link.
    ("get", "/api/v1/meetings/by-link/{code}", PUBLIC),
    ("get", "/api/v1/meetings/{id}/socket", PEOPLE),
    // Who is logged in, or holds a meeting's link; a word opens the socket: tests/conference/line_test.rs.
    ("post", "/api/v1/line-tests", PEOPLE),
    ("get", "/api/v1/line-tests/{word}/socket", PUBLIC),
    // The last, since it ends the sessions of all other tries.
    ("delete", "/api/v1/sessions", PEOPLE),
];

/// What is sent, so that the gate of roles is reached where there is one.
fn body(path: &str) -> Value {
    match path {
        "/api/v1/meetings" => serde_json::json!({ "title": "Giao ban" }),
        _ => serde_json::json!({}),
    }
}

/// Every route of the document.
fn routes() -> Vec<(String, String)> {
    let document = serde_json::to_value(hoian_server::api::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods
            .into_iter()
            .map(move |method| (method, path.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

async fn try_as(client: &Client, method: &str, path: &str) -> char {
    let path = path
        .split('/')
        .map(|part| if part.starts_with('{') { "0" } else { part });
    let path = path.collect::<Vec<_>>().join("/");
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let mut request = client.request(method.clone(), &path);
    if method == Method::POST || method == Method::PUT {
        request = request.json(&body(&path));
    }
    let response = request.send().await.unwrap();
    match response.status().as_u16() {
        401 => 'L',
        403 => 'F',
        status if status < 500 => '.',
        status => panic!("{method} {path} answered {status}"),
    }
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let mut routes = routes();
    let mut rows: Vec<_> = MATRIX
        .iter()
        .map(|(method, path, _)| (method.to_string(), path.to_string()))
        .collect();
    routes.sort();
    rows.sort();
    assert_eq!(rows, routes);
}

#[tokio::test]
async fn every_role_is_let_in_where_the_matrix_says_and_nowhere_else() {
    let server = Server::start().await;
    let mut wrong = Vec::new();
    for (method, path, expected) in MATRIX {
        let mut found = String::new();
        for caller in CALLERS {
            // Logging out is one of the routes: each try has its own session.
            let client = match caller {
                Some(user_name) if *method == "delete" => server.log_in(user_name).await,
                Some(user_name) => sessions(&server, user_name).await,
                None => server.client(),
            };
            found.push(try_as(&client, method, path).await);
        }
        if found != *expected {
            wrong.push(format!(
                "(\"{method}\", \"{path}\", \"{expected}\") answered {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One session a person for the whole matrix.
async fn sessions(server: &Server, user_name: &str) -> Client {
    use std::cell::RefCell;
    use std::collections::HashMap;
    thread_local! {
        static KNOWN: RefCell<HashMap<String, Client>> = RefCell::default();
    }
    if let Some(client) = KNOWN.with_borrow(|known| known.get(user_name).cloned()) {
        return client;
    }
    let client = server.log_in(user_name).await;
    KNOWN.with_borrow_mut(|known| known.insert(user_name.to_owned(), client.clone()));
    client
}
