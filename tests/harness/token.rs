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
pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub(crate) const SETTINGS: &str = "softhsm2.conf";

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
        let folder = token.folder.path();
        settings(folder);
        init(folder, LABEL).await;
        let key = Imported {
            token: LABEL,
            id: "01",
            package,
            password,
        };
        import(folder, &key).await;
        token
    }

    /// The settings by which SoftHSM2 finds it.
    pub fn softhsm(&self) -> PathBuf {
        self.folder.path().join(SETTINGS)
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
}

/// A key that is put on a token.
pub(crate) struct Imported<'a> {
    pub token: &'a str,
    /// `CKA_ID`, hexadecimal.
    pub id: &'a str,
    /// A PKCS#12 that `password` opens.
    pub package: &'a [u8],
    pub password: &'a str,
}

/// Settings of SoftHSM2 in `folder`, whose tokens are there too.
pub(crate) fn settings(folder: &Path) {
    let tokens = folder.join("tokens");
    std::fs::create_dir(&tokens).expect("a folder");
    let settings = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(folder.join(SETTINGS), settings).expect("settings");
}

/// Makes an empty token.
pub(crate) async fn init(folder: &Path, token: &str) {
    let begun = [
        "--init-token",
        "--free",
        "--label",
        token,
        "--pin",
        TOKEN_PIN,
        "--so-pin",
        "87654321",
    ];
    run(folder, "softhsm2-util", &begun).await;
}

/// Puts a key and its certificate on a token, where it is sensitive and cannot be extracted.
pub(crate) async fn import(folder: &Path, key: &Imported<'_>) {
    import_under(folder, key, key).await;
}

/// The same, under the certificate of `other`.
pub(crate) async fn import_under(folder: &Path, key: &Imported<'_>, other: &Imported<'_>) {
    open(folder, key).await;
    let import = [
        "--import",
        &file(key, "pem"),
        "--token",
        key.token,
        "--label",
        "ký",
        "--id",
        key.id,
        "--pin",
        TOKEN_PIN,
    ];
    run(folder, "softhsm2-util", &import).await;
    open(folder, other).await;
    import_certificate(folder, other).await;
}

/// The same, with a key that whoever has the PIN may take out.
pub(crate) async fn import_extractable(folder: &Path, key: &Imported<'_>) {
    open(folder, key).await;
    let (pem, der) = (file(key, "pem"), file(key, "key"));
    run(
        folder,
        "openssl",
        &["pkey", "-in", &pem, "-outform", "DER", "-out", &der],
    )
    .await;
    let import = ["--type", "privkey", "--extractable", "--write-object", &der];
    pkcs11_tool(folder, key, &import).await;
    import_certificate(folder, key).await;
}

async fn import_certificate(folder: &Path, key: &Imported<'_>) {
    let certificate = ["--type", "cert", "--write-object", &file(key, "der")];
    pkcs11_tool(folder, key, &certificate).await;
}

/// The private key (PEM) and the certificate (DER) of a PKCS#12 as files.
async fn open(folder: &Path, key: &Imported<'_>) {
    let [package, bag, private, own, certificate] =
        ["p12", "bag", "pem", "own", "der"].map(|extension| file(key, extension));
    std::fs::write(folder.join(&package), key.package).expect("a file");
    let password = format!("pass:{}", key.password);
    let p12 = ["pkcs12", "-in", &package, "-passin", &password];
    let steps: [&[&str]; 4] = [
        &[&p12[..], &["-nocerts", "-nodes", "-out", &bag]].concat(),
        &["pkey", "-in", &bag, "-out", &private],
        &[&p12[..], &["-clcerts", "-nokeys", "-out", &own]].concat(),
        &["x509", "-in", &own, "-outform", "DER", "-out", &certificate],
    ];
    for step in steps {
        run(folder, "openssl", step).await;
    }
}

/// Of a key's own name, so that tokens in one folder do not take each other's.
fn file(key: &Imported<'_>, extension: &str) -> String {
    format!("{}-{}.{extension}", key.token.replace(' ', "-"), key.id)
}

async fn pkcs11_tool(folder: &Path, key: &Imported<'_>, arguments: &[&str]) {
    let on = [
        "--module",
        MODULE,
        "--token-label",
        key.token,
        "--login",
        "--pin",
        TOKEN_PIN,
        "--label",
        "ký",
        "--id",
        key.id,
    ];
    run(folder, "pkcs11-tool", &[&on[..], arguments].concat()).await;
}

async fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env("SOFTHSM2_CONF", folder.join(SETTINGS));
    let done = command.output().await.expect(program);
    assert!(done.status.success(), "{program} {arguments:?}: {}", told(&done));
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
