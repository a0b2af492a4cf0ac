//! Many files of another system, some of them hostile, at the real program: every one is judged, memory stays flat, and a system
//! that sends more than its share is told so while others go on. `make bench AREA=verify` has ten thousand.

use std::sync::Mutex;
use std::time::Duration;

use hoian_tests::binary::{Process, command};
use hoian_tests::signing::{Office, content};
use hoian_tests::verifying::{Answer, System, files, key};

#[tokio::test]
async fn hundreds_of_files_are_judged_in_flat_memory_while_another_system_is_held_to_its_share() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let signed = [content(&clerk, &id, "latest").await];
    let (ours, theirs) = (
        key(office.app(), "Cổng").await,
        key(office.app(), "Một cửa").await,
    );
    let Office { server, authority } = office;
    let folder = server.stop().await;
    let mut serve = command(folder.path(), &["serve"]);
    let host = authority.base_url.replace("http://", "");
    serve
        .env("HOIAN_SIGNING__ALLOWED_HOSTS", format!("['{host}']"))
        .env("HOIAN_HTTP__VERIFICATIONS_PER_MINUTE", PER_MINUTE.to_string());
    let process = Process::start(serve).await;
    let system = System::new(&process.origin, &ours);

    let files = files(&signed, COUNT);
    let memory = Mutex::new(Vec::new());
    let measure = |done: usize| {
        if done.is_multiple_of(COUNT / 6) {
            memory.lock().unwrap().push(process.resident_megabytes());
        }
    };
    let flooding = tokio::spawn(flood(System::new(&process.origin, &theirs)));
    system.verify(&files, 6, measure).await;
    let (judged, refused) = flooding.await.unwrap();
    assert!(
        judged >= PER_MINUTE && refused > 0,
        "{judged} judged, {refused} refused"
    );

    // The first part is warming up: pools, caches, what the allocator keeps.
    let memory = memory.into_inner().unwrap();
    let grown = memory[5] - memory[2];
    assert!(grown < 40.0, "MB after each sixth: {memory:?}");
}

/// Sends files that are no PDFs as fast as they are answered, until it was refused often.
async fn flood(system: System) -> (usize, usize) {
    let (mut judged, mut refused) = (0, 0);
    while refused < 20 && judged < 4 * PER_MINUTE {
        match system.ask(b"no PDF").await {
            Answer::Judged { .. } => judged += 1,
            Answer::TooMany { wait } => {
                assert!(wait >= Duration::from_secs(1));
                refused += 1;
            }
        }
    }
    (judged, refused)
}

const COUNT: usize = 300;
const PER_MINUTE: usize = 400;
