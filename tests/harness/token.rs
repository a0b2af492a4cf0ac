//! A USB token at somebody's PC: SoftHSM2 stands for tokens that cannot be had here, behind the same PKCS#11. The host and the
//! window of the PIN (pinentry, on a display of its own) are the real ones.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::binary;

/// The token's PIN.
pub const TOKEN_PIN: &str = "13572468";
const LABEL: &str = "Khóa ký";
/// Where Debian puts it.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token in a folder of its own, with the key and the certificate of a PKCS#12.
pub struct Token {
    folder: TempDir,
}

impl Token {
    /// Puts a PKCS#12 that `password` opens on a new token.
    pub async fn with(package: &[u8], password: &str) -> Self {
        let token = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let path = |name: &str| token.folder.path().join(name);
        std::fs::create_dir(path("tokens")).expect("a folder");
        let settings = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            path("tokens").display()
        );
        std::fs::write(token.softhsm(), settings).expect("settings");
        std::fs::write(path("key.p12"), package).expect("a file");
        let password = format!("pass:{password}");
        let p12 = ["pkcs12", "-in", "key.p12", "-passin", &password];
        token
            .run(
                "openssl",
                &[&p12[..], &["-nocerts", "-nodes", "-out", "bag.pem"]].concat(),
            )
            .await;
        token
            .run("openssl", &["pkey", "-in", "bag.pem", "-out", "key.pem"])
            .await;
        token
            .run(
                "openssl",
                &[&p12[..], &["-clcerts", "-nokeys", "-out", "own.pem"]].concat(),
            )
            .await;
        token
            .run(
                "openssl",
                &["x509", "-in", "own.pem", "-outform", "DER", "-out", "own.der"],
            )
            .await;
        let begun = [
            "--init-token",
            "--free",
            "--label",
            LABEL,
            "--pin",
            TOKEN_PIN,
            "--so-pin",
            "87654321",
        ];
        token.run("softhsm2-util", &begun).await;
        let key = [
            "--import", "key.pem", "--token", LABEL, "--label", "ký", "--id", "01", "--pin", TOKEN_PIN,
        ];
        token.run("softhsm2-util", &key).await;
        let login = [
            "--module",
            MODULE,
            "--token-label",
            LABEL,
            "--login",
            "--pin",
            TOKEN_PIN,
        ];
        let certificate = [
            "--type",
            "cert",
            "--label",
            "ký",
            "--id",
            "01",
            "--write-object",
            "own.der",
        ];
        token
            .run("pkcs11-tool", &[&login[..], &certificate].concat())
            .await;
        token
    }

    /// The settings by which SoftHSM2 finds it.
    pub fn softhsm(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    /// Pulls it out.
    pub fn pull(&self) {
        let tokens = self.folder.path().join("tokens");
        std::fs::remove_dir_all(&tokens).expect("a token");
        std::fs::create_dir(&tokens).expect("a folder");
    }

    /// Settings of the host on this PC: who is served.
    pub fn host_settings(&self, origins: &[&str]) -> PathBuf {
        let path = self.folder.path().join("host.toml");
        let text = format!(
            "origins = {origins:?}\nmodules = [{MODULE:?}]\npinentry = \"/usr/bin/pinentry-gtk-2\"\n"
        );
        std::fs::write(&path, text).expect("settings");
        path
    }

    async fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SOFTHSM2_CONF", self.softhsm());
        let done = command.output().await.expect(program);
        assert!(done.status.success(), "{program} {arguments:?}: {}", told(&done));
    }
}

/// A screen with a keyboard, without a window manager.
pub struct Display {
    _server: Child,
    name: String,
}

impl Display {
    /// Opens one that nobody else has.
    pub async fn open() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "900x700x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Xvfb");
        let mut number = String::new();
        let output = server.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut number)
            .await
            .expect("a number");
        Self {
            _server: server,
            name: format!(":{}", number.trim()),
        }
    }

    /// As programs are told of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the window of the PIN; comes back with its number.
    pub async fn window(&self) -> String {
        self.until(|found| !found.is_empty()).await
    }

    /// Types a PIN into the window, and waits until that is gone.
    pub async fn enter(&self, pin: &str) {
        let window = self.window().await;
        self.xdotool(&["type", "--delay", "20", pin]).await;
        self.xdotool(&["key", "Return"]).await;
        self.until(|found| found != window).await;
    }

    /// Closes the window.
    pub async fn cancel(&self) {
        self.window().await;
        self.xdotool(&["key", "Escape"]).await;
    }

    async fn until(&self, is_so: impl Fn(&str) -> bool) -> String {
        for _ in 0..300 {
            let found = self
                .xdotool(&["search", "--onlyvisible", "--name", "USB token"])
                .await;
            let found = String::from_utf8_lossy(&found.stdout).trim().to_owned();
            if is_so(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the window of the PIN did not come or go within 15 s");
    }

    async fn xdotool(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("xdotool");
        command.args(arguments).env("DISPLAY", &self.name);
        command.output().await.expect("xdotool")
    }
}

/// The host, as a browser starts it.
pub struct Host {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
    asked: u64,
}

impl Host {
    /// Starts it at a PC with this token and this screen, which serves pages of `origins`.
    pub fn start(token: &Token, display: &Display, origins: &[&str]) -> Self {
        let mut child = Command::new(binary::token_host())
            .env("HOIAN_TOKEN_SETTINGS", token.host_settings(origins))
            .env("SOFTHSM2_CONF", token.softhsm())
            .env("DISPLAY", display.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the host");
        Self {
            input: child.stdin.take().expect("a pipe"),
            output: child.stdout.take().expect("a pipe"),
            _child: child,
            asked: 0,
        }
    }

    /// Asks as the extension does for a page of `origin`; comes back with the result, or else the refusal.
    pub async fn ask(&mut self, origin: &str, command: Value) -> Result<Value, Value> {
        self.asked += 1;
        let question = json!({ "id": self.asked, "origin": origin, "command": command });
        self.say(&question).await;
        loop {
            let mut answer = self.hear().await;
            assert_eq!(answer["id"], self.asked, "{answer}");
            match (answer["result"].take(), answer["refusal"].take()) {
                (Value::Null, Value::Null) => assert!(answer["progress"].is_string(), "{answer}"),
                (result, Value::Null) => return Ok(result),
                (_, refusal) => return Err(refusal),
            }
        }
    }

    /// Signs what `word` opens: the signature in base64.
    pub async fn sign(&mut self, origin: &str, word: &Value) -> Result<Value, Value> {
        let signed = self.ask(origin, json!({ "sign": { "word": word } })).await;
        signed.map(|mut result| result["signature"].take())
    }

    /// Sends one message, whatever it is.
    pub async fn say(&mut self, message: &Value) {
        let bytes = message.to_string();
        let length = u32::try_from(bytes.len()).expect("a short message");
        self.input
            .write_all(&length.to_ne_bytes())
            .await
            .expect("the host hears");
        self.input
            .write_all(bytes.as_bytes())
            .await
            .expect("the host hears");
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        let mut length = [0; 4];
        self.output.read_exact(&mut length).await.expect("an answer");
        let mut bytes = vec![0; u32::from_ne_bytes(length) as usize];
        self.output.read_exact(&mut bytes).await.expect("an answer");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// The manifest that tells a browser of the host: a program in `folder` that starts it with this token and screen.
pub fn install(folder: &Path, token: &Token, display: &Display, origins: &[&str]) -> PathBuf {
    let path = folder.join("hoian-token");
    let script = format!(
        "#!/bin/sh\nexport HOIAN_TOKEN_SETTINGS='{}' SOFTHSM2_CONF='{}' DISPLAY='{}'\nexec '{}' \"$@\"\n",
        token.host_settings(origins).display(),
        token.softhsm().display(),
        display.name(),
        binary::token_host().display()
    );
    std::fs::write(&path, script).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("a program");
    path
}

fn told(done: &Output) -> String {
    String::from_utf8_lossy(&[&done.stdout[..], &done.stderr].concat()).into_owned()
}
