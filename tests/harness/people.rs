//! Two agencies and a commune with people of every role, and clients logged in as one of them.

use std::time::Duration;

use hoian_server::accounts::{self, NewMembership, NewPerson};
use hoian_server::app::App;
use hoian_server::domain::id::AgencyId;
use hoian_server::domain::organisation::AgencyKind;
use hoian_server::domain::role::Role;
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::agency;
use reqwest::header::ORIGIN;
use reqwest::{Method, RequestBuilder};
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::Server;

/// Everybody's password.
pub const PASSWORD: &str = "mật-khẩu-thử-nghiệm";

/// Agencies: id, organisation identifier, name, symbol, sort.
pub const AGENCIES: [(&str, &str, &str, &str, AgencyKind); 3] = [
    (
        "agency-ubnd",
        "H99",
        "Ủy ban nhân dân tỉnh Lam Giang",
        "UBND",
        AgencyKind::Province,
    ),
    ("agency-snv", "H99.02", "Sở Nội vụ", "SNV", AgencyKind::Department),
    (
        "agency-anphu",
        "H99.41",
        "Ủy ban nhân dân xã An Phú",
        "UBND",
        AgencyKind::Commune,
    ),
];

/// People: user name, full name, agency, role, position.
pub const PEOPLE: [(&str, &str, &str, Role, &str); 8] = [
    (
        "chutich",
        "Trần Văn Minh",
        "agency-ubnd",
        Role::Leader,
        "Chủ tịch",
    ),
    ("vanthu", "Lê Thị Hoa", "agency-ubnd", Role::Clerk, "Văn thư"),
    (
        "chuyenvien",
        "Phạm Quốc Anh",
        "agency-ubnd",
        Role::Officer,
        "Chuyên viên",
    ),
    (
        "quantri",
        "Đỗ Minh Tuấn",
        "agency-ubnd",
        Role::Administrator,
        "Quản trị hệ thống",
    ),
    (
        "giamdoc.sonv",
        "Nguyễn Thị Lan",
        "agency-snv",
        Role::Leader,
        "Giám đốc",
    ),
    ("vanthu.sonv", "Vũ Thị Mai", "agency-snv", Role::Clerk, "Văn thư"),
    (
        "chuyenvien.sonv",
        "Hoàng Văn Nam",
        "agency-snv",
        Role::Officer,
        "Chuyên viên",
    ),
    (
        "vanthu.anphu",
        "Bùi Thị Thu",
        "agency-anphu",
        Role::Clerk,
        "Văn thư",
    ),
];

/// Makes the agencies and the people.
pub(crate) async fn create(app: &App) {
    let now = app.clock.now();
    let agencies = AGENCIES.map(|(id, organ_id, name, symbol, kind)| agency::ActiveModel {
        id: Set(AgencyId(id.into())),
        organ_id: Set(organ_id.into()),
        name: Set(name.into()),
        symbol: Set(symbol.into()),
        kind: Set(kind),
        parent_id: Set((id != "agency-ubnd").then(|| AgencyId("agency-ubnd".into()))),
        place: Set("Lam Giang".into()),
        created_at: Set(now),
    });
    app.store
        .write(async |tx| {
            agency::Entity::insert_many(agencies)
                .exec_without_returning(tx)
                .await
        })
        .await
        .expect("agencies");
    for (user_name, full_name, agency, role, position) in PEOPLE {
        let membership = NewMembership {
            agency_id: AgencyId(agency.into()),
            role,
            position: position.into(),
        };
        let person = NewPerson {
            user_name: user_name.into(),
            full_name: full_name.into(),
            password: PASSWORD.to_owned().into(),
            memberships: vec![membership],
        };
        accounts::create(app, &Actor::System, person)
            .await
            .expect("a person");
    }
}

/// Adds so many communes without people; comes back as their ids.
pub async fn add_communes(app: &App, count: usize) -> Vec<String> {
    let now = app.clock.now();
    let ids: Vec<String> = (0..count).map(|at| format!("agency-{at:03}")).collect();
    let rows: Vec<_> = ids
        .iter()
        .map(|id| agency::ActiveModel {
            id: Set(AgencyId(id.clone())),
            organ_id: Set(format!("H99.{id}")),
            name: Set(format!("Ủy ban nhân dân xã {id}")),
            symbol: Set("UBND".into()),
            kind: Set(AgencyKind::Commune),
            parent_id: Set(None),
            place: Set("Lam Giang".into()),
            created_at: Set(now),
        })
        .collect();
    app.store
        .write(async |tx| agency::Entity::insert_many(rows).exec_without_returning(tx).await)
        .await
        .expect("communes");
    ids
}

/// A browser's side of HTTP: keeps cookies and sends its origin.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    origin: String,
}

impl Client {
    /// A client that nobody is logged in with, at a program that answers at `origin`.
    pub fn new(origin: String) -> Self {
        let http = crate::tls::http().cookie_store(true).build().expect("a client");
        Self { http, origin }
    }

    /// The same person at another start of the program, on another port: cookies do not know ports.
    pub fn at(&self, origin: &str) -> Self {
        Self {
            http: self.http.clone(),
            origin: origin.to_owned(),
        }
    }

    /// A request to `path` of the server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.origin))
            .header(ORIGIN, &self.origin)
    }

    /// GET.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// POST.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }
}

impl Server {
    /// A client that nobody is logged in with.
    pub fn client(&self) -> Client {
        Client::new(self.origin())
    }

    /// A client with `user_name` logged in. Moves the clock by one code's time, so that a code is never used twice.
    pub async fn log_in(&self, user_name: &str) -> Client {
        self.clock.advance(Duration::from_secs(30));
        let client = self.client();
        let code = accounts::current_code(self.app(), user_name).await.ok();
        let body = serde_json::json!({ "user_name": user_name, "password": PASSWORD, "one_time_code": code });
        let response = client
            .post("/api/v1/session")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let status = response.status();
        assert_eq!(
            status,
            201,
            "{user_name} logs in: {}",
            response.text().await.unwrap_or_default()
        );
        client
    }
}
