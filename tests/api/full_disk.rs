//! A disk without room, and one that can only be read: nothing is lost, what is there can be read, and everybody is told in a sentence.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use hoian_tests::Client;
use hoian_tests::binary::{self, Process};
use serde_json::{Value, json};

/// A file system of its own, in memory; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this machine lets nobody mount one.
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self(folder))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.folder().join("ballast")).unwrap();
        for size in [65536, 4096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        assert!(file.metadata().unwrap().size() > 0);
    }

    fn free(&self) {
        std::fs::remove_file(self.folder().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder()).status();
    }
}

async fn log_in(client: &Client, password: &str) -> (u16, Value) {
    let body = json!({ "user_name": "moi", "password": password });
    let response = client.post("/api/v1/session").json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_full_disk_refuses_in_a_sentence_and_takes_up_again_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(24) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let password = settle(&disk);
    let running = Process::start(binary::command(disk.folder(), &["serve"])).await;
    let client = Client::new(running.origin.clone());
    assert_eq!(log_in(&client, &password).await.0, 201);

    disk.fill();
    is_only_read(&running, &client, &password).await;

    disk.free();
    assert_eq!(
        log_in(&Client::new(running.origin.clone()), &password).await.0,
        201
    );
    drop(running);
    is_whole(&disk);
}

/// Disks turn read-only by themselves when the kernel finds them faulty; a service that is started again then says so.
#[tokio::test]
async fn a_start_on_a_read_only_disk_says_so_and_changes_nothing() {
    let Some(disk) = SmallDisk::mount(24) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let password = settle(&disk);
    // In mounts of its own, the folder can be read alone.
    let serve = binary::command(disk.folder(), &["serve"]);
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@""#;
    let refused = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script])
        .arg(disk.folder())
        .arg(serve.get_program())
        .args(serve.get_args())
        .env_clear()
        .envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("the data folder: Read-only file system"),
        "{said}"
    );
    is_whole(&disk);
    let running = Process::start(binary::command(disk.folder(), &["serve"])).await;
    assert_eq!(
        log_in(&Client::new(running.origin.clone()), &password).await.0,
        201
    );
}

/// An agency and a person; comes back as their password.
fn settle(disk: &SmallDisk) -> String {
    let admin = |arguments: &[&str]| {
        let done = binary::command(disk.folder(), &[&["admin"], arguments].concat())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    admin(&[
        "add-agency",
        "H99",
        "--name",
        "Ủy ban",
        "--symbol",
        "UBND",
        "--kind",
        "province",
        "--place",
        "Lam Giang",
    ]);
    let said = admin(&[
        "add-person",
        "moi",
        "--full-name",
        "Lê Mới",
        "--agency",
        "H99",
        "--role",
        "officer",
        "--position",
        "Chuyên viên",
    ]);
    said.trim().rsplit(' ').next().unwrap().to_owned()
}

/// Nothing is done, and that is said; what is there can be seen.
async fn is_only_read(running: &Process, client: &Client, password: &str) {
    let (status, problem) = log_in(&Client::new(running.origin.clone()), password).await;
    assert_eq!(
        (status, &problem["type"]),
        (507, &json!("/problems/no-room")),
        "{problem}"
    );
    assert_eq!(
        client.get("/api/v1/agencies").send().await.unwrap().status(),
        200,
        "it can be read"
    );
    assert_eq!(client.get("/healthz").send().await.unwrap().status(), 200);
}

fn is_whole(disk: &SmallDisk) {
    let audit = binary::command(disk.folder(), &["doctor", "audit"])
        .output()
        .unwrap();
    assert!(
        audit.status.success(),
        "{}",
        String::from_utf8_lossy(&audit.stdout)
    );
}
