//! A signature by a key that a remote service keeps.
//!
//! It stands on [`super::elsewhere`]: what is prepared is kept as a request, and nothing of a document changes before the
//! signature is there. The request is written *before* the service is asked, with the job that follows it; how far the service is
//! (a [`Stage`]) is written after each answer. So whoever asked may close the page and this program may stop: the job, or the
//! service's call back, finds the request again. A call back says nothing but "ask me": the signature comes over our own line to
//! the service and is checked as any other. What the owner types passes through and is kept nowhere.
//!
//! Only people have keys there. An agency's key signs while its clerk is there (invariant 6), and here nobody need be.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::pdf::place::Place;
use hoian_signer::sign::{Algorithm, common_name};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::certificate::Facts;
use super::csc::{self, Answer, Authorisation, Credential, Factor, Service, Signing, Wanted};
use super::elsewhere::{Content, SessionHash, Used, content, hash};
use super::error::{Error, Result};
use super::notice::{About, Telling};
use super::token::is_name_of;
use super::{Custody, Outcome, Presence};
use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::holder::Holder;
use crate::domain::id::PersonId;
use crate::domain::notice::Kind;
use crate::domain::role::Held;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::signature_request::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{document, membership, person, signing_key};

/// Why a remote signature did not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[schema(as = RemoteFailure)]
pub enum Failure {
    #[error("it does not answer")]
    Away,
    /// PIN, one-time code, or a telephone on which somebody said no.
    #[error("it does not take what the owner showed")]
    Secret,
    #[error("it refuses")]
    Refused,
    #[error("the time is over")]
    Expired,
    #[error("what it made is not over what was asked for")]
    Unfit,
    #[error("the document was handled otherwise meanwhile")]
    Changed,
}

impl Failure {
    /// What the person reads.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Away => "Dịch vụ ký số từ xa không trả lời. Văn bản chưa được ký; xin thử lại sau ít phút.",
            Self::Secret => {
                "Dịch vụ ký số từ xa không nhận mã PIN, mã OTP hoặc xác nhận vừa rồi. Chưa có gì được ký; xin thử lại."
            }
            Self::Refused => {
                "Dịch vụ ký số từ xa từ chối ký. Chưa có gì được ký; xin xem lại khóa ở dịch vụ hoặc báo quản trị."
            }
            Self::Expired => "Đã hết thời gian chờ dịch vụ ký số từ xa. Chưa có gì được ký; xin ký lại.",
            Self::Unfit => {
                "Chữ ký do dịch vụ trả về không khớp với văn bản hoặc với chứng thư đã đăng ký, nên không được lưu."
            }
            Self::Changed => "Văn bản đã được xử lý khác trong lúc chờ ký, nên chữ ký không được lưu.",
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Remote { reason, .. } => *reason,
            Error::RequestOver => Self::Expired,
            Error::SignatureUnfit(_) => Self::Unfit,
            Error::Stale | Error::Refused(_) | Error::NotFound => Self::Changed,
            _ => Self::Refused,
        }
    }

    fn kept(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

impl From<csc::Error> for Error {
    fn from(error: csc::Error) -> Self {
        let reason = match error {
            csc::Error::Away(_) => Failure::Away,
            csc::Error::Secret(_) => Failure::Secret,
            csc::Error::Refused(_) => Failure::Refused,
        };
        Self::Remote {
            reason,
            detail: error.to_string(),
        }
    }
}

/// What a person's key at the service is, in `signing_key.remote`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoteKey {
    pub service: String,
    pub credential_id: String,
    signature_algorithm: String,
    /// What its owner shows for each signature.
    pub factors: Vec<Factor>,
}

impl RemoteKey {
    /// That of a row, if its key is there.
    ///
    /// # Errors
    /// [`Error::Row`].
    pub fn of(key: &signing_key::Model) -> Result<Option<Self>> {
        let kept = key.remote.as_deref().map(serde_json::from_str).transpose();
        kept.map_err(|_| Error::Row("signing_key.remote"))
    }
}

/// A key that somebody may enrol.
pub struct Offer {
    pub credential_id: String,
    pub certificate: Facts,
    /// Common names, as people know them.
    pub subject: String,
    pub issuer: String,
    pub factors: Vec<Factor>,
}

/// What became of a signature that was asked of the service.
pub enum Asked {
    Done(Outcome),
    /// The service takes its time; the request that stands for it.
    Waits(Waiting),
}

/// A request that the service works on.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub id: String,
    pub expires_at: Timestamp,
}

/// How a request stands that is looked at again.
pub enum Standing {
    Over,
    /// To be asked again after this time.
    Waits(Duration),
}

/// What a request keeps of its service.
#[derive(Serialize, Deserialize)]
struct Line {
    wanted: Wanted,
    stage: Stage,
}

/// How far the service is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// It is being asked: nothing is known of an answer.
    Asking,
    /// It asks the key's owner, on their telephone.
    Authorising { handle: String },
    /// It signs.
    Signing { response_id: String },
}

impl Custody {
    /// What people call the remote service, if there is one.
    pub fn remote_name(&self) -> Option<&str> {
        self.remote.as_ref().map(Service::name)
    }

    /// The keys of the service's user `user_id` that bear this person's name and can sign here.
    ///
    /// # Errors
    /// [`Error::NotRemote`], [`Error::Remote`].
    pub async fn remote_keys(&self, full_name: &str, user_id: &str) -> Result<Vec<Offer>> {
        let found = self.service()?.credentials(user_id).await?;
        let own = found.into_iter().filter(|one| usable(one, full_name).is_some());
        let offers = own.filter_map(|one| {
            let certificate = Facts::of(one.chain.first()?).ok()?;
            let issuer = one.chain.get(1..).and_then(|chain| common_name(chain).ok());
            Some(Offer {
                subject: common_name(&one.chain).ok()?,
                issuer: issuer.unwrap_or_else(|| certificate.issuer.clone()),
                certificate,
                credential_id: one.id,
                factors: one.factors?,
            })
        });
        Ok(offers.collect())
    }

    /// Has the service send a code to the owner of this person's key: the one to be enrolled, or else the enrolled one.
    ///
    /// # Errors
    /// [`Error::NotRemote`], [`Error::Remote`]; [`Error::CertificateOfAnother`].
    pub async fn send_remote_code(
        &self,
        presence: &Presence,
        full_name: &str,
        credential: Option<&str>,
        factor: &str,
    ) -> Result<()> {
        let service = self.service()?;
        let id = match credential {
            Some(id) => self.remote_credential(full_name, id).await?.id,
            None => self.remote_key(presence).await?.1.credential_id,
        };
        Ok(service.challenge(&id, factor).await?)
    }

    /// Signs by the person's key at the service, after they have shown it their will.
    ///
    /// # Errors
    /// The rules', the certificate's, the place's; [`Error::NotRemote`], [`Error::Remote`]. Nothing remains of the document then.
    pub async fn sign_remotely(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        id: &DocumentId,
        wish: Option<Place>,
        answers: &[Answer],
    ) -> Result<Asked> {
        let (key, remote) = self.remote_key(presence).await?;
        let prepared = self.prepared_for(presence, &key, id, wish).await?;
        let algorithm = prepared.prepared.algorithm();
        let digest = prepared.prepared.attributes_digest();
        let content = Content::Document(Box::new(prepared));
        self.ask_service(presence, session, content, (remote, algorithm, digest), answers)
            .await
    }

    /// Enrols a key at the service as this person's, once its certificate is judged and it has signed.
    ///
    /// # Errors
    /// As [`Custody::ask_to_enrol`]; [`Error::NotRemote`], [`Error::Remote`].
    pub async fn enrol_remotely(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        full_name: &str,
        credential: &str,
        answers: &[Answer],
    ) -> Result<Asked> {
        let credential = self.remote_credential(full_name, credential).await?;
        let (algorithm, name) = credential.algorithm().ok_or(Error::NotRemote)?;
        let remote = RemoteKey {
            service: self.service()?.name().to_owned(),
            credential_id: credential.id,
            signature_algorithm: name.to_owned(),
            factors: credential.factors.unwrap_or_default(),
        };
        let kept = serde_json::to_string(&remote).map_err(|_| Error::Row("signing_key.remote"))?;
        let asked = self
            .enrolment(
                (&presence.person_id, full_name),
                credential.chain,
                algorithm,
                Some(kept),
            )
            .await?;
        let (enrolment, unsigned) = asked;
        let digest = unsigned.attributes_digest(algorithm);
        let content = Content::Enrolment(enrolment);
        self.ask_service(presence, session, content, (remote, algorithm, digest), answers)
            .await
    }

    /// The remote request that this person waits for with this document, if there is one.
    ///
    /// # Errors
    /// The database's.
    pub async fn waits_remotely(&self, person: &PersonId, document: &DocumentId) -> Result<Option<Waiting>> {
        let found = Entity::find()
            .filter(Column::PersonId.eq(person.clone()))
            .filter(Column::DocumentId.eq(document.clone()))
            .filter(Column::Failure.is_null())
            .filter(Column::ExpiresAt.gt(self.clock.now()));
        let found = found.one(self.store.read()).await?;
        Ok(found.map(|row| Waiting {
            id: row.id,
            expires_at: row.expires_at,
        }))
    }

    /// How a remote request of this person stands.
    ///
    /// # Errors
    /// [`Error::Remote`] with the reason where it failed; [`Error::RequestOver`] where it is done, or was never there.
    pub async fn remote_request(&self, person: &PersonId, id: &str) -> Result<Waiting> {
        let found = Entity::find_by_id(id)
            .filter(Column::PersonId.eq(person.clone()))
            .filter(Column::Remote.is_not_null());
        let row = found.one(self.store.read()).await?.ok_or(Error::RequestOver)?;
        match row.failure {
            Some(failure) => Err(Error::Remote {
                reason: serde_json::from_value(json!(failure)).unwrap_or(Failure::Refused),
                detail: "as it was found".to_owned(),
            }),
            None => Ok(Waiting {
                id: row.id,
                expires_at: row.expires_at,
            }),
        }
    }

    /// Takes the service's call back, once: the request that its word names is looked at now.
    ///
    /// # Errors
    /// [`Error::RequestOver`].
    pub async fn heard_from_remote(&self, word: &str) -> Result<()> {
        let (now, word) = (self.clock.now(), hash(word));
        self.check_known(&word).await?;
        let is_it = Condition::all()
            .add(Column::WordHash.eq(&word))
            .add(Column::Remote.is_not_null())
            .add(Column::Failure.is_null())
            .add(Column::ExpiresAt.gt(now));
        let heard = Entity::update_many()
            .col_expr(Column::OpenedAt, Expr::value(now))
            .filter(is_it)
            .filter(Column::OpenedAt.is_null());
        self.store
            .write(async |tx| {
                if heard.exec(tx).await?.rows_affected != 1 {
                    return Err(Error::RequestOver);
                }
                let row = Entity::find().filter(Column::WordHash.eq(&word)).one(tx).await?;
                let row = row.ok_or(Error::RequestOver)?;
                Ok(self.outbox.follow_remote(tx, &row.id, now, true).await?)
            })
            .await
    }

    /// Looks how far the service is with a request, and finishes it where it has signed. May run twice, and beside itself.
    ///
    /// # Errors
    /// The database's, and whatever passes: the request stands then.
    pub async fn follow_remote(&self, id: &str) -> Result<Standing> {
        let found = Entity::find_by_id(id).filter(Column::Failure.is_null());
        let Some(row) = found.one(self.store.read()).await? else {
            return Ok(Standing::Over);
        };
        let now = self.clock.now();
        if now >= row.expires_at {
            self.give_up(&row, &Error::RequestOver).await?;
            return Ok(Standing::Over);
        }
        let waits = Standing::Waits((now.since(row.created_at) / 4).clamp(SOONEST, LATEST));
        match self.advance(&row).await {
            Ok(None) => Ok(waits),
            Ok(Some(signature)) => {
                let presence = self.owner(&row.person_id).await?;
                match self.take_remote(&presence, &row, signature, true).await {
                    Ok(_) | Err(Error::RequestOver) => Ok(Standing::Over),
                    Err(
                        error @ (Error::Database(_) | Error::Blob(_) | Error::Pool | Error::TimeStamp(_)),
                    ) => Err(error),
                    Err(error) => {
                        self.give_up(&row, &error).await?;
                        Ok(Standing::Over)
                    }
                }
            }
            Err(Error::Remote {
                reason: Failure::Away,
                detail,
            }) => {
                tracing::warn!(
                    signature_request.id = id,
                    detail,
                    "the remote signing service is away"
                );
                Ok(waits)
            }
            Err(error @ Error::Remote { .. }) => {
                self.give_up(&row, &error).await?;
                Ok(Standing::Over)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the request and asks the service, for as long as a person waits.
    async fn ask_service(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        content: Content,
        (remote, algorithm, digest): (RemoteKey, Algorithm, Vec<u8>),
        answers: &[Answer],
    ) -> Result<Asked> {
        let service = self.service()?;
        let wanted = Wanted {
            credential_id: remote.credential_id,
            signature_algorithm: remote.signature_algorithm,
            hash_algorithm: csc::hash_algorithm(algorithm).to_owned(),
            hash: STANDARD.encode(digest),
        };
        let (mut row, word) = self.request(presence, session, &content, LASTS)?;
        row.document_id = match &content {
            Content::Document(document) => Some(document.id.clone()),
            _ => None,
        };
        let line = Line {
            wanted,
            stage: Stage::Asking,
        };
        row.remote = Some(written(&line)?);
        self.keep_request(&row).await?;
        let call_back = self.call_back(&word);
        let asked = async {
            match service.authorize(&line.wanted, &remote.factors, answers).await? {
                Authorisation::Asked(handle) => {
                    self.keep_stage(&row.id, &line.wanted, Stage::Authorising { handle })
                        .await
                }
                Authorisation::Given(activation) => {
                    self.have_signed(&row.id, &line.wanted, &activation, call_back.as_deref())
                        .await
                }
            }
        };
        let finished = match asked.await {
            Ok(None) => {
                return Ok(Asked::Waits(Waiting {
                    id: row.id,
                    expires_at: row.expires_at,
                }));
            }
            Ok(Some(signature)) => self.take_remote(presence, &row, signature, false).await,
            Err(error) => Err(error),
        };
        match finished {
            Ok(outcome) => Ok(Asked::Done(outcome)),
            Err(error) => {
                self.refuse(presence, &row, &error).await?;
                Err(error)
            }
        }
    }

    /// Writes the request with the job that follows it; what this person waited for with the same document is over.
    async fn keep_request(&self, row: &Model) -> Result<()> {
        let over = Condition::any()
            .add(Column::Failure.is_not_null())
            .add(match &row.document_id {
                Some(document) => Column::DocumentId.eq(document.clone()),
                None => Column::DocumentId.is_null(),
            });
        let over = Entity::delete_many()
            .filter(Column::PersonId.eq(row.person_id.clone()))
            .filter(Column::Remote.is_not_null())
            .filter(over);
        let due = row.created_at.after(SOONEST);
        self.store
            .write(async |tx| {
                over.exec(tx).await?;
                let kept = ActiveModel::from(row.clone());
                Entity::insert(kept).exec_without_returning(tx).await?;
                self.outbox.follow_remote(tx, &row.id, due, false).await
            })
            .await?;
        Ok(())
    }

    /// One look at the service: the signature, once it is made.
    async fn advance(&self, row: &Model) -> Result<Option<Vec<u8>>> {
        let service = self.service()?;
        let line = row.remote.as_deref().map(serde_json::from_str::<Line>);
        let line = line.transpose().ok().flatten();
        let Line { wanted, stage } = line.ok_or(Error::Row("signature_request.remote"))?;
        match stage {
            // Whoever asks still does, or was cut off; then the time ends it.
            Stage::Asking => Ok(None),
            Stage::Signing { response_id } => Ok(service.poll(&response_id).await?),
            Stage::Authorising { handle } => match service.authorize_check(&handle).await? {
                Authorisation::Given(activation) => {
                    self.have_signed(&row.id, &wanted, &activation, None).await
                }
                Authorisation::Asked(next) if next == handle => Ok(None),
                Authorisation::Asked(handle) => {
                    self.keep_stage(&row.id, &wanted, Stage::Authorising { handle })
                        .await
                }
            },
        }
    }

    async fn have_signed(
        &self,
        id: &str,
        wanted: &Wanted,
        activation: &str,
        call_back: Option<&str>,
    ) -> Result<Option<Vec<u8>>> {
        match self.service()?.sign(wanted, activation, call_back, LASTS).await? {
            Signing::Made(signature) => Ok(Some(signature)),
            Signing::Begun(response_id) => self.keep_stage(id, wanted, Stage::Signing { response_id }).await,
        }
    }

    async fn keep_stage(&self, id: &str, wanted: &Wanted, stage: Stage) -> Result<Option<Vec<u8>>> {
        let line = Line {
            wanted: wanted.clone(),
            stage,
        };
        let keep = Entity::update_many()
            .col_expr(Column::Remote, Expr::value(written(&line)?))
            .filter(Column::Id.eq(id));
        self.store.write(async |tx| keep.exec(tx).await).await?;
        Ok(None)
    }

    /// Takes the signature that the service has made.
    async fn take_remote(
        &self,
        presence: &Presence,
        row: &Model,
        signature: Vec<u8>,
        told: bool,
    ) -> Result<Outcome> {
        match content(row)? {
            Content::Document(asked) => {
                let used = Used {
                    request: row.id.clone(),
                    told,
                };
                self.complete_with(presence, *asked, used, signature).await
            }
            Content::Enrolment(asked) => {
                self.enrol_with(presence, &row.id, asked, &signature).await?;
                Ok(Outcome::Stored)
            }
            Content::Handed(_) | Content::HandedStatement(_) => Err(Error::Row("signature_request.remote")),
        }
    }

    /// Ends a request that its person sees refused.
    async fn refuse(&self, presence: &Presence, row: &Model, error: &Error) -> Result<()> {
        let now = self.clock.now();
        let detail = json!({ "reason": Failure::of(error), "detail": error.to_string() });
        self.store
            .write(async |tx| {
                if end(tx, row, error).await? {
                    let actor = presence.actor();
                    audit::append(tx, now, &actor, "signature.remote_refused", &subject(row), detail).await?;
                }
                Ok(())
            })
            .await
    }

    /// Ends a request that nobody looks at, and tells its person.
    async fn give_up(&self, row: &Model, error: &Error) -> Result<()> {
        let now = self.clock.now();
        let reason = Failure::of(error);
        tracing::warn!(signature_request.id = row.id, %error, "a remote signature did not come about");
        let document = match &row.document_id {
            Some(id) => {
                document::Entity::find_by_id(id.clone())
                    .one(self.store.read())
                    .await?
            }
            None => None,
        };
        let detail = json!({ "reason": reason, "detail": error.to_string(), "on_behalf_of": row.person_id });
        self.store
            .write(async |tx| {
                if !end(tx, row, error).await? {
                    return Ok(());
                }
                if let Some(document) = &document {
                    let telling = telling(
                        &row.id,
                        &row.person_id,
                        Kind::RemoteFailed,
                        Some(reason.sentence().to_owned()),
                    );
                    self.tell(tx, now, &about(document), &telling).await?;
                }
                Ok(audit::append(
                    tx,
                    now,
                    &Actor::System,
                    "signature.remote_failed",
                    &subject(row),
                    detail,
                )
                .await?)
            })
            .await
    }

    /// Tells the signer of a document that the request is done.
    pub(super) async fn tell_signed(
        &self,
        tx: &Tx,
        now: Timestamp,
        document: &document::Model,
        (request, person): (&str, &PersonId),
    ) -> Result<()> {
        let telling = telling(request, person, Kind::RemoteSigned, None);
        self.tell(tx, now, &about(document), &telling).await.map(drop)
    }

    /// The person as they are now: the rules are asked again when the signature comes, and a role that was taken away meanwhile
    /// signs no more.
    pub(super) async fn owner(&self, person: &PersonId) -> Result<Presence> {
        let reader = self.store.read();
        let row = person::Entity::find_by_id(person.clone()).one(reader).await?;
        let roles = membership::Entity::find().filter(membership::Column::PersonId.eq(person.clone()));
        let roles = match row.is_some_and(|row| row.is_active) {
            true => roles.all(reader).await?,
            false => Vec::new(),
        };
        Ok(Presence {
            person_id: person.clone(),
            held: roles
                .into_iter()
                .map(|role| Held::own(role.agency_id, role.role))
                .collect(),
        })
    }

    async fn remote_key(&self, presence: &Presence) -> Result<(signing_key::Model, RemoteKey)> {
        let key = self.key_of(&Holder::Person(presence.person_id.clone())).await?;
        let remote = RemoteKey::of(&key)?.ok_or(Error::NotRemote)?;
        Ok((key, remote))
    }

    /// A key at the service that may become this person's: nobody makes the service ask a stranger.
    async fn remote_credential(&self, full_name: &str, id: &str) -> Result<Credential> {
        let found = self.service()?.credential(id).await?.ok_or(Error::NotRemote)?;
        match usable(&found, full_name) {
            Some(()) => Ok(found),
            None => Err(Error::CertificateOfAnother),
        }
    }

    fn service(&self) -> Result<&Service> {
        self.remote.as_ref().ok_or(Error::NotRemote)
    }

    /// Where the service calls back, if it can reach us.
    fn call_back(&self, word: &str) -> Option<String> {
        self.is_public
            .then(|| format!("{}/api/v1/signature-requests/calls/{word}", self.origin))
    }
}

/// Whether a key bears this name, and can be used from here.
fn usable(credential: &Credential, full_name: &str) -> Option<()> {
    credential.algorithm()?;
    credential.factors.as_ref()?;
    let name = common_name(&credential.chain).ok()?;
    is_name_of(&name, full_name).then_some(())
}

/// Marks a request as failed, unless it is over.
async fn end(tx: &Tx, row: &Model, error: &Error) -> Result<bool> {
    let failed = ActiveModel {
        failure: Set(Some(Failure::of(error).kept())),
        ..Default::default()
    };
    let ended = Entity::update_many()
        .set(failed)
        .filter(Column::Id.eq(&row.id))
        .filter(Column::Failure.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// A paper that has no number yet.
fn about(document: &document::Model) -> About {
    About {
        document_id: document.id.clone(),
        dispatch_id: None,
        meeting_id: None,
        code: String::new(),
        subject: document.subject.clone(),
        due_on: None,
    }
}

fn telling(request: &str, person: &PersonId, kind: Kind, words: Option<String>) -> Telling {
    Telling {
        kind,
        which: request.to_owned(),
        to: [person.clone()].into(),
        words,
        from: None,
    }
}

fn subject(row: &Model) -> String {
    match &row.document_id {
        Some(document) => format!("document/{document}"),
        None => format!("person/{}", row.person_id),
    }
}

fn written(line: &Line) -> Result<String> {
    serde_json::to_string(line).map_err(|_| Error::Row("signature_request.remote"))
}

/// As long as an owner may take to find their telephone, and a service to sign.
const LASTS: Duration = Duration::from_secs(900);
/// When the service is asked again: soon at first, then ever more seldom.
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(30);
