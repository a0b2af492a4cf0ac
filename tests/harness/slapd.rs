//! A throw-away directory: OpenLDAP's slapd on ports of its own, in the clear and over TLS, with a few people in it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hoian_server::config::Ldap;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::tls::Authority;

const BASE: &str = "dc=lamgiang,dc=vn";
/// Who may look for people.
pub const READER: (&str, &str) = ("cn=reader,dc=lamgiang,dc=vn", "mat-khau-tra-cuu");
/// People: user name, password.
pub const PEOPLE: [(&str, &str); 3] = [
    ("chutich", "mat-khau-danh-ba-1"),
    ("chuyenvien", "mat-khau-danh-ba-2"),
    // In the directory alone.
    ("nguoi-la", "mat-khau-danh-ba-3"),
];

/// A running directory; ended and deleted when dropped.
pub struct Slapd {
    folder: TempDir,
    ports: [u16; 2],
    server: Option<Child>,
}

impl Slapd {
    /// Fills and starts one; its certificate is for `localhost`.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Gốc của danh bạ");
        let (certificate, key) = authority.certify("localhost");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("root.pem"), &authority.pem).unwrap();
        std::fs::write(file("tls.pem"), certificate).unwrap();
        std::fs::write(file("tls.key"), key).unwrap();
        std::fs::create_dir(file("data")).unwrap();
        std::fs::write(file("slapd.conf"), settings(folder.path())).unwrap();
        std::fs::write(file("people.ldif"), people()).unwrap();
        let filled = Command::new("/usr/sbin/slapadd")
            .arg("-f")
            .arg(file("slapd.conf"))
            .arg("-l")
            .arg(file("people.ldif"))
            .output()
            .expect("slapd is installed");
        assert!(
            filled.status.success(),
            "{}",
            String::from_utf8_lossy(&filled.stderr)
        );
        let free = || {
            TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port()
        };
        let mut slapd = Self {
            ports: [free(), free()],
            folder,
            server: None,
        };
        slapd.come_back().await;
        slapd
    }

    /// Starts it on its ports and waits until it answers.
    pub async fn come_back(&mut self) {
        let [plain, tls] = self.ports;
        let server = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-h"])
            .arg(format!("ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/"))
            .arg("-f")
            .arg(self.folder.path().join("slapd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", tls)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("slapd does not answer");
    }

    /// Ends it.
    pub fn go_away(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Settings that find a person's entry by its name, over TLS.
    pub fn by_name(&self) -> Ldap {
        Ldap {
            url: format!("ldaps://localhost:{}", self.ports[1]),
            starttls: false,
            tls_roots: Some(self.folder.path().join("root.pem")),
            user_dn: Some(format!("uid={{}},ou=people,{BASE}")),
            base: None,
            filter: None,
            bind_dn: None,
            bind_password: None,
            own_passwords: Vec::new(),
        }
    }

    /// Settings that look for it, TLS begun within the line.
    pub fn by_search(&self) -> Ldap {
        Ldap {
            url: format!("ldap://localhost:{}", self.ports[0]),
            starttls: true,
            user_dn: None,
            base: Some(BASE.to_owned()),
            filter: Some("(uid={})".to_owned()),
            bind_dn: Some(READER.0.to_owned()),
            bind_password: Some(READER.1.to_owned()),
            ..self.by_name()
        }
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.go_away();
    }
}

fn settings(folder: &Path) -> String {
    let folder = folder.display();
    let schemas =
        ["core", "cosine", "inetorgperson"].map(|name| format!("include /etc/ldap/schema/{name}.schema\n"));
    format!(
        "{}modulepath /usr/lib/ldap\nmoduleload back_mdb\n\
         TLSCACertificateFile {folder}/root.pem\nTLSCertificateFile {folder}/tls.pem\nTLSCertificateKeyFile {folder}/tls.key\n\
         database mdb\nsuffix \"{BASE}\"\ndirectory {folder}/data\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by dn.exact=\"{}\" read by * none\n",
        schemas.concat(),
        READER.0
    )
}

fn people() -> String {
    let mut entries = format!(
        "dn: {BASE}\nobjectClass: domain\ndc: lamgiang\n\n\
         dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n\n\
         dn: {}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {}\n",
        READER.0, READER.1
    );
    for (name, password) in PEOPLE {
        entries += &format!(
            "\ndn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\nuserPassword: {password}\n"
        );
    }
    entries
}
