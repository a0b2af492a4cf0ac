//! The people of a province, put straight into the tables, and how they log in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hoian_server::accounts::{self, OneTimeCode};
use hoian_server::app::App;
use hoian_server::clock::{self, Clock};
use hoian_server::domain::account::name_key;
use hoian_server::domain::id::{AgencyId, PersonId};
use hoian_server::domain::role::Role;
use hoian_server::store::entity::{agency, membership, person};
use hoian_tests::{Client, PASSWORD};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

/// Somebody, and the authenticator in their hand.
pub struct Person {
    pub user_name: String,
    pub role: Role,
    pub agency: AgencyId,
    code: Option<OneTimeCode>,
}

/// Makes `count` people; every agency has a clerk and a leader before it has officers.
pub async fn fill(app: &App, count: usize) -> Result<Vec<Arc<Person>>> {
    // A password is hashed once for all; each log-in verifies it anew.
    let known = accounts::find_person(app.store.read(), "chutich").await?;
    let agencies = agency::Entity::find().order_by_asc(agency::Column::Id);
    let agencies: Vec<_> = agencies
        .all(app.store.read())
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    let people: Vec<_> = (0..count).map(|at| Arc::new(one(app, at, &agencies))).collect();
    for people in people.chunks(500) {
        let rows = people.iter().map(|one| row(app, one, &known.password_hash));
        let roles = people.iter().map(|one| membership::ActiveModel {
            person_id: Set(PersonId(one.user_name.clone())),
            agency_id: Set(one.agency.clone()),
            role: Set(one.role),
            position: Set("Cán bộ".to_owned()),
        });
        let rows = person::Entity::insert_many(rows.collect::<Vec<_>>());
        let roles = membership::Entity::insert_many(roles.collect::<Vec<_>>());
        app.store
            .write(async |tx| {
                rows.exec_without_returning(tx).await?;
                roles.exec_without_returning(tx).await
            })
            .await?;
    }
    Ok(people)
}

fn one(app: &App, at: usize, agencies: &[AgencyId]) -> Person {
    let role = match at / agencies.len() {
        0 => Role::Clerk,
        1 => Role::Leader,
        _ => Role::Officer,
    };
    let user_name = format!("nguoi{at:05}");
    Person {
        code: role
            .needs_one_time_code()
            .then(|| OneTimeCode::new(&user_name, &app.clock)),
        agency: agencies[at % agencies.len()].clone(),
        user_name,
        role,
    }
}

fn row(app: &App, one: &Person, password_hash: &str) -> person::ActiveModel {
    let full_name = format!("Người {}", one.user_name);
    person::ActiveModel {
        id: Set(PersonId(one.user_name.clone())),
        user_name: Set(one.user_name.clone()),
        name_key: Set(name_key(&full_name, &one.user_name)),
        full_name: Set(full_name),
        password_hash: Set(password_hash.to_owned()),
        one_time_code_secret: Set(one.code.as_ref().map(|code| code.sealed(&app.secret, &app.clock))),
        last_one_time_code_step: Set(0),
        is_active: Set(true),
        mail_address: Set(None),
        created_at: Set(app.clock.now()),
    }
}

/// Somebody of the harness. Its clock has run ahead of the true one, so the codes used by it are forgotten.
pub async fn known(app: &App, user_name: &str, role: Role) -> Result<Person> {
    let forget = person::Entity::update_many().col_expr(person::Column::LastOneTimeCodeStep, Expr::value(0));
    app.store.write(async |tx| forget.exec(tx).await).await?;
    let row = accounts::find_person(app.store.read(), user_name).await?;
    let sealed = row.one_time_code_secret.context("a secret")?;
    Ok(Person {
        code: Some(OneTimeCode::open(&sealed, user_name, &app.secret)?),
        user_name: row.user_name,
        role,
        agency: AgencyId("agency-ubnd".into()),
    })
}

/// A log-in that ended well.
pub struct LoggedIn {
    pub client: Client,
    /// The `Cookie` header of the session.
    pub cookie: String,
    /// From the press of the button to the answer, in milliseconds: once, or once more with the code.
    pub waits: Vec<f64>,
    /// How often the program asked to come back a little later.
    pub busy: usize,
}

/// Logs in as the page does: name and password, and again with the code where one is asked for.
pub async fn log_in(origin: &str, person: &Person) -> Result<LoggedIn> {
    let client = Client::new(origin.to_owned());
    let (mut waits, mut busy, mut with_code) = (Vec::new(), 0, false);
    loop {
        let code = person.code.as_ref().filter(|_| with_code);
        let code = code.map(|code| code.code(Clock::system().now()));
        let body = json!({ "user_name": person.user_name, "password": PASSWORD, "one_time_code": code });
        let pressed = clock::instant();
        let answer = client.post("/api/v1/session").json(&body).send().await?;
        let cookie = answer.headers().get("set-cookie").cloned();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await?;
        match (status, body["type"].as_str()) {
            (503, _) => {
                busy += 1;
                tokio::time::sleep(COMES_BACK).await;
                continue;
            }
            (401, Some("/problems/one-time-code-required")) => with_code = true,
            (201, _) => {}
            _ => bail!("{} cannot log in: {status} {body}", person.user_name),
        }
        waits.push(milliseconds(pressed));
        if let Some(cookie) = cookie.filter(|_| status == 201) {
            let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
            return Ok(LoggedIn {
                client,
                cookie,
                waits,
                busy,
            });
        }
    }
}

pub fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// How long somebody waits who was told to come back.
const COMES_BACK: Duration = Duration::from_secs(1);
