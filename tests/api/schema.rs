//! Schemathesis makes requests of its own from the OpenAPI document, right and wrong ones: nothing fails inside, and every answer is
//! one that the document describes.

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_tests::signing::Office;
use hoian_tests::{PASSWORD, Server};
use serde_json::json;

/// Requests of each kind a route in a short run; `SCHEMA_EXAMPLES` asks for more.
const EXAMPLES: &str = "3";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_document_describes() {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Path::new(&std::env::var_os("HOME").expect("a home")).join(".cache");
    let program = cache.unwrap_or_else(home).join("hoian/schemathesis/bin/st");
    assert!(
        program.exists(),
        "run tests/interop/setup first (`make test` does)"
    );
    let office = Office::open().await;
    office.sealed().await;
    for user_name in ["chuyenvien", "quantri"] {
        let cookie = session(&office.server, user_name).await;
        let origin = office.server.origin();
        let program = program.clone();
        let ran = tokio::task::spawn_blocking(move || run(&program, &origin, &cookie)).await;
        let (passed, said) = ran.unwrap();
        assert!(passed, "as {user_name}:\n{said}");
    }
}

/// The cookie of a session.
async fn session(server: &Server, user_name: &str) -> String {
    server.clock.advance(std::time::Duration::from_secs(30));
    let code = hoian_server::accounts::current_code(server.app(), user_name)
        .await
        .ok();
    let body = json!({ "user_name": user_name, "password": PASSWORD, "one_time_code": code });
    let answer = server.client().post("/api/v1/session").json(&body).send();
    let answer = answer.await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Whether all went as described, and what the program says of it.
fn run(program: &Path, origin: &str, cookie: &str) -> (bool, String) {
    let examples = std::env::var("SCHEMA_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(program)
        .args([
            "run",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../server/openapi.json"),
        ])
        .args(["--url", origin])
        .args([
            "-H",
            &format!("Cookie: {cookie}"),
            "-H",
            &format!("Origin: {origin}"),
        ])
        .args([
            "--checks",
            CHECKS,
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            &examples,
        ])
        // Logging out would end the run; a socket is no request.
        .args([
            "--exclude-path",
            "/api/v1/session",
            "--exclude-path",
            "/api/v1/sessions",
        ])
        .args(["--exclude-path-regex", "/socket$|/session-end$"])
        .args([
            "--request-timeout",
            "30",
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
        ])
        .args(["--warnings", "off", "--no-color", "--seed", "1"])
        .env(
            "SCHEMATHESIS_HOOKS",
            concat!(env!("CARGO_MANIFEST_DIR"), "/api/media_types.py"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    (
        done.status.success(),
        String::from_utf8_lossy(&done.stdout).into_owned(),
    )
}

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
