//! Mailboxes behind IMAP (Dovecot), filled by the mail server of [`crate::mail`]: a letter is read as its reader's program
//! reads it. Dovecot runs as a user without rights, on a port of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::mail::{MailServer, PYTHON};

/// The running mailboxes; they end when dropped.
pub struct Mailboxes {
    imap: Child,
    port: u16,
    _folder: TempDir,
    /// What brings letters to them.
    pub server: MailServer,
}

impl Mailboxes {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("hoian-imap-")
            .tempdir_in("/tmp")
            .expect("a folder");
        let owner = owner();
        let port = free_port();
        for name in ["run", "state", "home", "letters"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let settings = folder.path().join("dovecot.conf");
        fs::write(&settings, configuration(folder.path(), port, &owner)).expect("the settings");
        let given = Command::new("chown")
            .arg("-R")
            .arg(format!("{}:{}", owner.user, owner.group))
            .arg(folder.path())
            .status();
        assert!(given.expect("chown runs").success());
        let mut dovecot = Command::new("/usr/sbin/dovecot");
        dovecot.arg("-F").arg("-c").arg(&settings).stdin(Stdio::null());
        if owner.is_another {
            dovecot.uid(owner.uid).gid(owner.gid);
        }
        let imap = dovecot.spawn().expect("dovecot is installed: .ci/install test");
        let mailboxes = Self {
            imap,
            port,
            server: MailServer::start_into(Some(&folder.path().join("letters"))),
            _folder: folder,
        };
        mailboxes.wait();
        mailboxes
    }

    /// The letters that came to an address, in order: `subject`, `message_id`, `text`, and of each calendar its method and lines.
    pub fn letters(&self, address: &str) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/read_mailbox.py");
        let read = Command::new(PYTHON)
            .arg(script)
            .arg(self.port.to_string())
            .arg(address)
            .output()
            .expect("python runs");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        serde_json::from_slice(&read.stdout).expect("JSON")
    }

    fn wait(&self) {
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("dovecot did not start");
    }
}

impl Drop for Mailboxes {
    fn drop(&mut self) {
        // Asked to end, it takes its own processes with it.
        let asked = Command::new("kill").arg(self.imap.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.imap.kill();
        }
        let _ = self.imap.wait();
    }
}

struct Owner {
    user: String,
    group: String,
    uid: u32,
    gid: u32,
    is_another: bool,
}

/// Who runs it: whoever runs the test, or `nobody` where that is root.
fn owner() -> Owner {
    let id = |arguments: &[&str]| {
        let said = Command::new("id").args(arguments).output().expect("id runs");
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    };
    let is_another = id(&["-u"]) == "0";
    let of = |flags: &str| match is_another {
        true => id(&[flags, "nobody"]),
        false => id(&[flags]),
    };
    Owner {
        user: of("-un"),
        group: of("-gn"),
        uid: of("-u").parse().expect("a number"),
        gid: of("-g").parse().expect("a number"),
        is_another,
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn configuration(folder: &Path, port: u16, owner: &Owner) -> String {
    let folder = folder.display();
    let Owner { user, group, .. } = owner;
    format!(
        "protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/letters/%u
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"
    )
}
