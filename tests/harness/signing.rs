//! Everything around signatures: a training authority on a port of its own, keys and images of the people of
//! [`crate::people`], and the steps of a document as a browser would take them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use hoian_server::app::App;
use hoian_server::clock::{Clock, Timestamp};
use hoian_server::config::Config;
use hoian_server::demo::artwork;
use hoian_server::demo::pki::{self, Authority, Holder, HolderKind, Standing};
use hoian_server::domain::holder;
use hoian_server::domain::id::{AgencyId, PersonId};
use hoian_server::domain::trust;
use hoian_server::jobs;
use hoian_server::render::{Sample, typeset};
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::person;
use reqwest::multipart::{Form, Part};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{Client, Server};

/// Everybody's PIN.
pub const PIN: &str = "24681357";

/// The signer of all papers here, as in [`crate::people::PEOPLE`].
pub const LEADER: &str = "chutich";
const LEADER_NAME: &str = "Trần Văn Minh";

/// An officer who signs minutes as the secretary.
pub const SECRETARY: &str = "chuyenvien";
const SECRETARY_NAME: &str = "Phạm Quốc Anh";

/// Whose key signs reports of verification.
const SERVICE: &str = "service";

/// A training authority with its OCSP, lists and time-stamps, reachable by HTTP.
pub struct TrainingAuthority {
    pub base_url: String,
    pub root: Vec<u8>,
    pub issuing: Vec<u8>,
    packages: Vec<pki::Package>,
    /// Its own clock, moved together with the program's.
    clock: Clock,
    /// While set, nobody gets a time-stamp.
    pub tsa_is_down: Arc<AtomicBool>,
    /// While set, nobody gets a revocation list.
    pub lists_are_down: Arc<AtomicBool>,
}

impl TrainingAuthority {
    /// Makes the authority and serves it until the test ends.
    pub async fn start() -> Self {
        Self::start_at(Clock::system().now()).await
    }

    /// One that comes into being at this moment.
    pub async fn start_at(now: Timestamp) -> Self {
        let clock = Clock::manual(now);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let (authority, packages) =
            Authority::create(&base_url, &holders(), |_| PIN, &clock).expect("a training PKI");
        let (root, issuing) = (authority.root().to_vec(), authority.issuing().to_vec());
        let [tsa_is_down, lists_are_down] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let routes = axum::Router::new()
            .nest("/pki", pki::routes(Arc::new(authority), clock.clone()))
            .layer(from_fn_with_state(("/pki/tsa", Arc::clone(&tsa_is_down)), refuse))
            .layer(from_fn_with_state(
                ("/pki/crl", Arc::clone(&lists_are_down)),
                refuse,
            ));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            base_url,
            root,
            issuing,
            packages,
            clock,
            tsa_is_down,
            lists_are_down,
        }
    }

    /// Points a program's settings at this authority.
    pub fn configure(&self, config: &mut Config) {
        config.signing.tsa_url = Some(format!("{}/pki/tsa", self.base_url));
        config.signing.allowed_hosts = vec![self.base_url.replace("http://", "")];
        config.signing.wait_milliseconds = 20_000;
        let key = config.data_folder.join("service.p12");
        std::fs::write(&key, self.pkcs12(SERVICE)).expect("a file");
        config.report.key = Some(key);
        config.report.password = PIN.to_owned();
    }

    /// The PKCS#12 of a holder: a user name, an agency's id, `expired` or `revoked`.
    pub fn pkcs12(&self, alias: &str) -> &[u8] {
        let package = self.packages.iter().find(|package| package.alias == alias);
        &package.unwrap_or_else(|| panic!("no key for {alias}")).pkcs12
    }
}

/// A program with keys: the leader's, the secretary's and the agency's, their images, and the training root trusted.
pub struct Office {
    pub server: Server,
    pub authority: TrainingAuthority,
}

impl Office {
    /// Opens on SQLite.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// Opens with settings that `change` made.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::open_by(TrainingAuthority::start().await, change).await
    }

    /// Opens by an authority that is there.
    pub async fn open_by(authority: TrainingAuthority, change: impl FnOnce(&mut Config)) -> Self {
        let server = Server::start_with(|config| {
            authority.configure(config);
            change(config);
        })
        .await;
        let office = Self { server, authority };
        enrol(office.app(), &office.authority).await;
        office
    }

    pub fn app(&self) -> &App {
        self.server.app()
    }

    /// The id of a person.
    pub async fn person(&self, user_name: &str) -> PersonId {
        person_id(self.app(), user_name).await
    }

    /// Uploads `file`; comes back as the answer.
    pub async fn upload(&self, client: &Client, file: Vec<u8>) -> reqwest::Response {
        self.upload_with(client, file, 0).await
    }

    async fn upload_with(&self, client: &Client, file: Vec<u8>, urgency: i16) -> reqwest::Response {
        let signer = self.person(LEADER).await;
        let form = Form::new()
            .text("subject", "Kế hoạch cải cách hành chính năm 2027")
            .text("kind", "KH")
            .text("urgency", urgency.to_string())
            .text("signer_id", signer.0)
            .part("file", Part::bytes(file).file_name("ke-hoach.pdf"));
        client
            .post("/api/v1/documents")
            .multipart(form)
            .send()
            .await
            .expect("an answer")
    }

    /// Uploads the usual paper as `chuyenvien` and submits it; comes back as its id.
    pub async fn submitted(&self) -> String {
        self.submitted_with(0).await
    }

    async fn submitted_with(&self, urgency: i16) -> String {
        let officer = self.server.log_in("chuyenvien").await;
        let draft = expect(self.upload_with(&officer, paper(), urgency).await, 201).await;
        let id = draft["id"].as_str().expect("an id").to_owned();
        let submitted = act(&officer, &id, "submission", json!({})).await;
        assert_eq!(expect(submitted, 200).await["state"], "submitted");
        id
    }

    /// A document that the leader has signed.
    pub async fn signed(&self) -> String {
        self.signed_with(0).await
    }

    async fn signed_with(&self, urgency: i16) -> String {
        let id = self.submitted_with(urgency).await;
        let leader = self.server.log_in(LEADER).await;
        let signed = expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
        assert_eq!(signed["state"], "signed");
        id
    }

    /// A document that is signed, numbered and sealed.
    pub async fn sealed(&self) -> String {
        self.sealed_with(0).await
    }

    /// The same, of this urgency.
    pub async fn sealed_with(&self, urgency: i16) -> String {
        let id = self.signed_with(urgency).await;
        let clerk = self.server.log_in("vanthu").await;
        assert_eq!(
            expect(act(&clerk, &id, "number", json!({})).await, 200).await["state"],
            "numbered"
        );
        let sealed = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 200).await;
        assert_eq!(sealed["state"], "sealed");
        id
    }

    /// Gives the department's leader and the department their keys and images too.
    pub async fn enrol_partner(&self) {
        let leader = holder::Holder::Person(self.person(PARTNER).await);
        let agency = holder::Holder::Agency(AgencyId("agency-snv".into()));
        let signature = artwork::signature(PARTNER_NAME).expect("a signature");
        let seal = artwork::seal("Sở Nội vụ").expect("a seal");
        let enrolled = [
            (leader, PARTNER, signature, artwork::SIGNATURE_MM.0),
            (agency, "agency-snv", seal, artwork::SEAL_MM),
        ];
        for (holder, alias, image, width_mm) in enrolled {
            enrol_holder(self.app(), &self.authority, &holder, alias, &image, width_mm).await;
        }
    }

    /// Runs jobs until none is due.
    pub async fn run_jobs(&self) {
        let registry = jobs::registry();
        while jobs::run_due(self.app(), &registry).await.expect("jobs") > 0 {}
    }

    /// Lets the time pass after which the next attempt of a job is due, and runs it.
    pub async fn run_jobs_later(&self) {
        self.let_pass(Duration::from_secs(1200)).await;
    }

    /// Lets time pass, for the authority too, and runs what is due then.
    pub async fn let_pass(&self, time: Duration) {
        self.server.clock.advance(time);
        self.authority.clock.advance(time);
        self.run_jobs().await;
    }
}

/// A step of a document.
pub async fn act(client: &Client, id: &str, step: &str, body: Value) -> reqwest::Response {
    client
        .post(&format!("/api/v1/documents/{id}/{step}"))
        .json(&body)
        .send()
        .await
        .expect("an answer")
}

/// The document as this client sees it.
pub async fn look(client: &Client, id: &str) -> Value {
    expect(
        client
            .get(&format!("/api/v1/documents/{id}"))
            .send()
            .await
            .expect("an answer"),
        200,
    )
    .await
}

/// The bytes of a version: a number or `latest`.
pub async fn content(client: &Client, id: &str, version: &str) -> Vec<u8> {
    let path = format!("/api/v1/documents/{id}/versions/{version}/content");
    let response = client.get(&path).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.expect("a body").to_vec()
}

/// The JSON of an answer that must have this status.
pub async fn expect(response: reqwest::Response, status: u16) -> Value {
    let (got, path) = (response.status().as_u16(), response.url().path().to_owned());
    let text = response.text().await.expect("a body");
    assert_eq!(got, status, "{path}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

/// The stable name of a problem that must have this status.
pub async fn problem(response: reqwest::Response, status: u16) -> String {
    let body = expect(response, status).await;
    body["type"]
        .as_str()
        .and_then(|kind| kind.strip_prefix("/problems/"))
        .expect("a problem")
        .to_owned()
}

/// A Kế hoạch of three pages for [`LEADER`], without signatures.
pub fn paper() -> Vec<u8> {
    let mut plan = Sample::Reform.paper(2026).expect("the sample");
    plan.signature.full_name = LEADER_NAME.to_owned();
    typeset(&plan, Clock::system().now_utc()).expect("a paper").pdf
}

/// The department's leader and the department itself, who sign and seal second on joint papers.
pub const PARTNER: &str = "giamdoc.sonv";
const PARTNER_NAME: &str = "Nguyễn Thị Lan";
/// An officer who has a key.
pub const OFFICER: &str = "chuyenvien";

/// Brings the authority's root, the keys and the images into custody.
pub async fn enrol(app: &App, authority: &TrainingAuthority) {
    let custody = &app.custody;
    let regime = trust::Regime::Training;
    custody
        .enrol_anchor(
            &Actor::System,
            &authority.root,
            regime,
            trust::Standing::Root,
            "test",
        )
        .await
        .expect("the root");
    let standing = trust::Standing::Intermediate;
    custody
        .enrol_anchor(&Actor::System, &authority.issuing, regime, standing, "test")
        .await
        .expect("the issuer");
    let leader = holder::Holder::Person(person_id(app, LEADER).await);
    let secretary = holder::Holder::Person(person_id(app, SECRETARY).await);
    let agency = holder::Holder::Agency(AgencyId("agency-ubnd".into()));
    let signature = |name| artwork::signature(name).expect("a signature");
    let seal = artwork::seal("Ủy ban nhân dân tỉnh Lam Giang").expect("a seal");
    let width_mm = artwork::SIGNATURE_MM.0;
    let enrolled = [
        (leader, LEADER, signature(LEADER_NAME), width_mm),
        (secretary, SECRETARY, signature(SECRETARY_NAME), width_mm),
        (agency, "agency-ubnd", seal, artwork::SEAL_MM),
    ];
    for (holder, alias, image, width_mm) in enrolled {
        enrol_holder(app, authority, &holder, alias, &image, width_mm).await;
    }
}

async fn enrol_holder(
    app: &App,
    authority: &TrainingAuthority,
    holder: &holder::Holder,
    alias: &str,
    image: &[u8],
    width_mm: f64,
) {
    let file = authority.pkcs12(alias);
    app.custody
        .enrol_key(&Actor::System, holder, file, PIN, PIN)
        .await
        .expect("a key");
    app.custody
        .enrol_image(&Actor::System, holder, image, width_mm)
        .await
        .expect("an image");
}

async fn person_id(app: &App, user_name: &str) -> PersonId {
    let find = person::Entity::find().filter(person::Column::UserName.eq(user_name));
    find.one(app.store.read())
        .await
        .expect("a database")
        .expect("a person")
        .id
}

fn holders() -> Vec<Holder> {
    let holder = |alias: &str, kind, common_name: &str, standing| Holder {
        alias: alias.to_owned(),
        kind,
        common_name: common_name.to_owned(),
        organisation: "Ủy ban nhân dân tỉnh Lam Giang".to_owned(),
        standing,
    };
    vec![
        holder(LEADER, HolderKind::Person, LEADER_NAME, Standing::Valid),
        holder(SECRETARY, HolderKind::Person, SECRETARY_NAME, Standing::Valid),
        holder("stranger", HolderKind::Person, "Người Lạ", Standing::Valid),
        // The agency's other certificate, whose key is in the HSM, and one of another agency's name.
        holder(
            "hsm",
            HolderKind::Agency,
            "ỦY BAN NHÂN DÂN TỈNH LAM GIANG",
            Standing::Valid,
        ),
        // The leader's other certificate, whose key is on a token of theirs.
        holder("token", HolderKind::Person, LEADER_NAME, Standing::Valid),
        // And the one whose key is at a remote service.
        holder("afar", HolderKind::Person, LEADER_NAME, Standing::Valid),
        holder("expired", HolderKind::Person, LEADER_NAME, Standing::Expired),
        holder("revoked", HolderKind::Person, LEADER_NAME, Standing::Revoked),
        holder(
            "agency-ubnd",
            HolderKind::Agency,
            "Ủy ban nhân dân tỉnh Lam Giang",
            Standing::Valid,
        ),
        holder(PARTNER, HolderKind::Person, PARTNER_NAME, Standing::Valid),
        holder("agency-snv", HolderKind::Agency, "Sở Nội vụ", Standing::Valid),
        holder(
            SERVICE,
            HolderKind::Agency,
            "Dịch vụ kiểm tra chữ ký số",
            Standing::Valid,
        ),
        holder(OFFICER, HolderKind::Person, "Phạm Quốc Anh", Standing::Valid),
    ]
}

async fn refuse(
    State((service, is_down)): State<(&'static str, Arc<AtomicBool>)>,
    request: Request,
    next: Next,
) -> Response {
    if is_down.load(Ordering::SeqCst) && request.uri().path().starts_with(service) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}
