//! An authority that answers over TLS: trusted by the certificates that are configured, within limits, and never followed
//! to another address.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use hoian_server::store::entity::signature_pending;
use hoian_signer::shell::fetch::Fetcher;
use hoian_tests::signing::{LEADER, Office, PIN, act, expect, look};
use hoian_tests::tls::{Answer, Authority};
use sea_orm::EntityTrait;
use serde_json::json;
use tempfile::TempDir;

#[tokio::test]
async fn an_authority_over_tls_answers_within_limits_and_is_not_followed_elsewhere() {
    let desk = Desk::open("localhost", 20_000).await;
    desk.moods.turn(Mood::LeadsElsewhere);
    let id = desk.sign_and_wait("leads elsewhere with status 307").await;
    desk.moods.turn(Mood::SaysTooMuch);
    desk.office.run_jobs_later().await;
    desk.still_waits("the answer is too large").await;
    desk.moods.turn(Mood::Stamps);
    desk.office.run_jobs_later().await;
    desk.is_signed(&id).await;
}

#[tokio::test]
async fn an_authority_over_tls_that_says_nothing_is_not_waited_for() {
    let desk = Desk::open("localhost", 300).await;
    desk.moods.turn(Mood::SaysNothing);
    let id = desk.sign_and_wait("no answer").await;
    desk.moods.turn(Mood::Stamps);
    desk.office.run_jobs_later().await;
    desk.is_signed(&id).await;
}

#[tokio::test]
async fn an_authority_over_tls_with_the_certificate_of_another_is_not_heard() {
    let desk = Desk::open("elsewhere.example", 20_000).await;
    desk.sign_and_wait("not valid for name").await;
}

#[tokio::test]
async fn an_authority_over_tls_that_nobody_vouches_for_is_not_heard() {
    let moods = Moods::default();
    let unknown = Authority::new("Không ai biết");
    let tsa = moods.serve(&unknown, "localhost", "http://127.0.0.1:9");
    let office = Office::open_with(|config| config.signing.tsa_url = Some(tsa)).await;
    let folder = TempDir::new().unwrap();
    let desk = Desk {
        office,
        moods,
        _folder: folder,
    };
    desk.sign_and_wait("UnknownIssuer").await;
}

/// How the server answers from now on.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Mood {
    #[default]
    Stamps,
    LeadsElsewhere,
    SaysTooMuch,
    SaysNothing,
}

#[derive(Clone, Default)]
struct Moods(Arc<(Mutex<Mood>, Condvar)>);

impl Moods {
    fn turn(&self, mood: Mood) {
        *self.0.0.lock().unwrap() = mood;
        self.0.1.notify_all();
    }

    /// The mood, once it is another than silence.
    fn now(&self) -> Mood {
        let mood = self.0.0.lock().unwrap();
        *self
            .0
            .1
            .wait_while(mood, |mood| *mood == Mood::SaysNothing)
            .unwrap()
    }

    /// A server before the time-stamp authority at `behind`.
    fn serve(&self, authority: &Authority, name: &str, behind: &str) -> String {
        let (moods, behind) = (self.clone(), format!("{behind}/pki/tsa"));
        let fetcher = Fetcher::new(vec!["127.0.0.1".into()], Duration::from_secs(60));
        authority.serve(name, move |question| {
            let stamp = || fetcher.time_stamp(&behind, question.to_vec());
            match moods.now() {
                Mood::LeadsElsewhere => Answer::redirect(307, &behind),
                Mood::SaysTooMuch => Answer::of(vec![0x30; 65 * 1024]),
                Mood::Stamps | Mood::SaysNothing => stamp().map_or_else(|_| Answer::status(502), Answer::of),
            }
        })
    }
}

/// An office whose time-stamp authority is reached over TLS.
struct Desk {
    office: Office,
    moods: Moods,
    _folder: TempDir,
}

impl Desk {
    /// The server's certificate is for `name`; a person waits for `patience_ms`.
    async fn open(name: &str, patience_ms: u64) -> Self {
        let (moods, authority) = (Moods::default(), Authority::new("Một"));
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("tls-root.pem");
        std::fs::write(&root, &authority.pem).unwrap();
        let change = |config: &mut hoian_server::config::Config| {
            let behind = config.signing.tsa_url.take().unwrap();
            let behind = behind.trim_end_matches("/pki/tsa");
            config.signing.tsa_url = Some(moods.serve(&authority, name, behind));
            config.signing.tls_roots = Some(root);
            config.signing.wait_milliseconds = patience_ms;
        };
        Self {
            office: Office::open_with(change).await,
            moods,
            _folder: folder,
        }
    }

    /// The leader signs, and the signature waits for this reason.
    async fn sign_and_wait(&self, reason: &str) -> String {
        let id = self.office.submitted().await;
        let leader = self.office.server.log_in(LEADER).await;
        expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 202).await;
        self.still_waits(reason).await;
        id
    }

    async fn still_waits(&self, reason: &str) {
        let waiting = signature_pending::Entity::find()
            .all(self.office.app().store.read())
            .await
            .unwrap();
        let [waiting] = waiting.try_into().expect("one that waits");
        let said = waiting.last_error.expect("a reason");
        assert!(said.contains(reason), "{reason}: {said}");
    }

    async fn is_signed(&self, id: &str) {
        let leader = self.office.server.log_in(LEADER).await;
        let signed = look(&leader, id).await;
        assert_eq!(signed["state"], "signed", "{signed:#}");
        assert_eq!(signed["versions"][2]["level"], "B-T");
    }
}
