//! The demo for other machines of the same network: over TLS by a certificate that it makes itself at each start, since
//! browsers give camera and microphone to nobody else.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::{Error, whole_file};
use crate::clock::Clock;
use crate::config::Config;
use crate::net;

/// How long the certificate holds: nobody should come to rely on it.
const HOLDS: Duration = Duration::from_secs(30 * 24 * 3600);

/// How others reach the demo.
pub struct Lan {
    /// The origins of this machine's addresses.
    pub origins: Vec<String>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
}

/// Makes a certificate for the addresses of this machine, and has the program answer by it.
///
/// # Errors
/// When the data folder cannot be written.
pub fn certify(config: &mut Config, clock: &Clock) -> Result<Lan, Error> {
    let mut addresses = net::addresses(config.http.address);
    addresses.retain(|address| !address.is_loopback());
    let mut names = vec!["localhost".to_owned(), IpAddr::from([127, 0, 0, 1]).to_string()];
    names.extend(addresses.iter().map(IpAddr::to_string));
    let (certificate, key) = self_signed(names, clock.now_utc())?;
    let folder = &config.data_folder;
    std::fs::create_dir_all(folder)?;
    let (certificate_file, key_file) = (folder.join("lan.pem"), folder.join("lan.key"));
    whole_file::write(&certificate_file, certificate.pem().as_bytes())?;
    whole_file::write(&key_file, key.serialize_pem().as_bytes())?;
    config.http.tls_certificate = Some(certificate_file);
    config.http.tls_key = Some(key_file);
    let port = config.http.address.port();
    let origin = |address: &IpAddr| match address {
        IpAddr::V4(address) => format!("https://{address}:{port}"),
        IpAddr::V6(address) => format!("https://[{address}]:{port}"),
    };
    let digest = digest(&SHA256, certificate.der());
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(Lan {
        origins: addresses.iter().map(origin).collect(),
        fingerprint: pairs.join(":"),
    })
}

fn self_signed(names: Vec<String>, now: OffsetDateTime) -> Result<(rcgen::Certificate, KeyPair), Error> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(names)?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "Hội Ấn (minh họa)");
    // Clocks of other machines differ.
    parameters.not_before = now - Duration::from_secs(3600);
    parameters.not_after = now + HOLDS;
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate, key))
}

impl Lan {
    /// What whoever sits at another machine needs, for the terminal: in Vietnamese, then in English.
    pub fn announcement(&self) -> String {
        let origins: String = self
            .origins
            .iter()
            .map(|origin| format!("      {origin}\n"))
            .collect();
        let (first, second) = self.fingerprint.split_at(self.fingerprint.len() / 2 + 1);
        format!(
            "  Từ máy khác trong cùng mạng, mở:
{origins}  Trình duyệt sẽ cảnh báo vì chứng thư do chính máy này tạo ra. Chỉ đi tiếp khi dấu vân tay SHA-256 là:
      {first}
      {second}

  From another machine of this network open one of these. The browser warns, because this machine has made
  the certificate itself; go on only if its SHA-256 fingerprint is the one above. It is new at each start.
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_for_this_machine_and_for_a_month() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_folder: folder.path().to_owned(),
            ..Config::default()
        };
        let clock = Clock::system();
        let lan = certify(&mut config, &clock).unwrap();
        let pem = std::fs::read(config.http.tls_certificate.unwrap()).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 2 + lan.origins.len());
        let left = certificate.validity().not_after.timestamp() - clock.now_utc().unix_timestamp();
        assert!((2_000_000..3_000_000).contains(&left), "{left}");
        assert_eq!(lan.fingerprint.len(), 95);
        assert!(lan.announcement().lines().all(|line| line.chars().count() <= 110));
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(config.http.tls_key.unwrap())
                .unwrap()
                .permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
}
