//! Letters to a submission server (RFC 5321, RFC 6409).
//!
//! A letter is made from its parts alone: sent twice, it is the same to the byte, under the same Message-ID, by which a
//! receiving server knows that it has it already (RFC 5322, 3.6.4).

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use thiserror::Error;
use time::OffsetDateTime;

use crate::config::{self, Encryption};

/// What is written, and to whom.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Names the letter for ever; the same letter has the same.
    pub id: String,
    pub to_name: String,
    pub to_address: String,
    pub subject: String,
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub written_at: OffsetDateTime,
}

/// A file that goes with a letter.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub name: String,
    /// Such as `application/pdf`.
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotSent {
    /// The server says that it never will (5xx), or the letter cannot be addressed.
    #[error("refused: {0}")]
    Refused(String),
    /// It may be taken later: no connection, or the server says so (4xx).
    #[error("not now: {0}")]
    Later(String),
}

/// Why the settings do not do.
#[derive(Debug, Error)]
pub enum Unfit {
    #[error("`from` is missing or no address")]
    From,
    #[error(transparent)]
    Tls(#[from] lettre::transport::smtp::Error),
}

/// The way to the server; cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    attachments_limit_bytes: u64,
}

impl Mailer {
    /// The way that the settings describe; none where they name no server.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn new(settings: &config::Mail) -> Result<Option<Self>, Unfit> {
        let Some(server) = &settings.server else {
            return Ok(None);
        };
        let from = settings.from.as_deref().and_then(|from| from.parse().ok());
        let (tls, usual_port) = match settings.encryption {
            Encryption::Starttls => (Tls::Required(TlsParameters::new(server.clone())?), 587),
            Encryption::Tls => (Tls::Wrapper(TlsParameters::new(server.clone())?), 465),
            Encryption::None => (Tls::None, 25),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.as_str())
            .port(settings.port.unwrap_or(usual_port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let (Some(user_name), Some(password)) = (&settings.user_name, &settings.password) {
            transport = transport.credentials(Credentials::new(user_name.clone(), password.clone()));
        }
        Ok(Some(Self {
            transport: transport.build(),
            from: from.ok_or(Unfit::From)?,
            attachments_limit_bytes: settings.attachments_limit_bytes,
        }))
    }

    /// The most bytes of files in one letter.
    pub fn attachments_limit_bytes(&self) -> u64 {
        self.attachments_limit_bytes
    }

    /// The address from which letters come.
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    /// Hands the letter to the server; comes back as the server's answer.
    ///
    /// # Errors
    /// [`NotSent`].
    pub async fn send(&self, letter: Letter) -> Result<String, NotSent> {
        let message = self.message(letter)?;
        match self.transport.send(message).await {
            Ok(answer) => Ok(answer.message().collect::<Vec<_>>().join(" ")),
            Err(error) if error.is_permanent() => Err(NotSent::Refused(error.to_string())),
            Err(error) => Err(NotSent::Later(error.to_string())),
        }
    }

    fn message(&self, letter: Letter) -> Result<Message, NotSent> {
        let refused = |error: &dyn std::fmt::Display| NotSent::Refused(error.to_string());
        let address: Address = letter.to_address.parse().map_err(|error| refused(&error))?;
        let text = SinglePart::plain(letter.text);
        let mut body = MultiPart::mixed()
            // A boundary by chance would make another letter of the second sending.
            .boundary(format!("=_{}", letter.id))
            .singlepart(text);
        for attachment in letter.attachments {
            let media_type = ContentType::parse(attachment.media_type).map_err(|error| refused(&error))?;
            body = body.singlepart(Part::new(attachment.name).body(attachment.bytes, media_type));
        }
        Message::builder()
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .date(letter.written_at.into())
            .from(self.from.clone())
            .to(Mailbox::new(Some(letter.to_name), address))
            .subject(letter.subject)
            .multipart(body)
            .map_err(|error| refused(&error))
    }
}

/// RFC 5321, 4.5.3.2 lets a server take ten minutes after the last byte; a job that waits so long holds a worker's place.
const PATIENCE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_letter_is_the_same_to_the_byte() {
        let settings = config::Mail {
            server: Some("mail.test".into()),
            from: Some("Văn thư <vanthu@langiang.test>".into()),
            encryption: Encryption::None,
            ..config::Mail::default()
        };
        let mailer = Mailer::new(&settings).unwrap().unwrap();
        let letter = || Letter {
            id: "0192".into(),
            to_name: "Công ty A".into(),
            to_address: "a@example.com".into(),
            subject: "01/KH-UBND: Kế hoạch".into(),
            text: "Kính gửi.".into(),
            attachments: vec![Attachment {
                name: "Phụ lục.pdf".into(),
                media_type: "application/pdf",
                bytes: b"%PDF-".to_vec(),
            }],
            written_at: OffsetDateTime::UNIX_EPOCH,
        };
        let [first, second] = [letter(), letter()].map(|one| mailer.message(one).unwrap().formatted());
        assert_eq!(first, second);
        let text = String::from_utf8(first).unwrap();
        assert!(text.contains("Message-ID: <0192@langiang.test>\r\n"), "{text}");
        let nowhere = Letter {
            to_address: "nobody".into(),
            ..letter()
        };
        assert!(matches!(mailer.message(nowhere), Err(NotSent::Refused(_))));
    }

    #[tokio::test]
    async fn settings_without_a_server_send_nothing_and_without_a_sender_are_refused() {
        assert!(Mailer::new(&config::Mail::default()).unwrap().is_none());
        let settings = config::Mail {
            server: Some("mail.test".into()),
            ..config::Mail::default()
        };
        assert!(matches!(Mailer::new(&settings), Err(Unfit::From)));
    }
}
