//! Jobs around signed papers: time-stamps that were late, verification on arrival, delivery by mail.

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::preserving::KeepProvable;
use super::reminding::{PressForAnswers, Remind};
use super::remote::FollowRemote;
use super::{Failure, Job, enqueue, enqueue_at, enqueue_once, invitation};
use crate::clock::{Clock, Timestamp};
use crate::custody::{self, Reminder};
use crate::domain::document::DocumentId;
use crate::domain::meeting::MeetingId;
use crate::parts::App;
use crate::store::Tx;
use crate::store::blob::Sha256;

/// Completes a signature that waits for its time-stamp.
#[derive(Serialize, Deserialize)]
pub struct CompleteSignature {
    document_id: DocumentId,
}

impl Job for CompleteSignature {
    const KIND: &'static str = "document.complete_signature";

    async fn run(self, app: App) -> Result<(), Failure> {
        match app.custody.complete(&self.document_id).await {
            Ok(_) => Ok(()),
            // Given up: the document went back to the person, and the audit chain says why.
            Err(
                error @ (custody::Error::SelfCheck { .. }
                | custody::Error::Signer(_)
                | custody::Error::Row(_)),
            ) => Err(Failure::Never(error.to_string())),
            Err(error) => Err(Failure::Later(error.to_string())),
        }
    }
}

/// Completes a certified copy that waits for its time-stamp.
#[derive(Serialize, Deserialize)]
pub struct CompleteCopy {
    copy_id: String,
}

impl Job for CompleteCopy {
    const KIND: &'static str = "copy.complete";

    async fn run(self, app: App) -> Result<(), Failure> {
        let done = app.custody.complete_copy(&self.copy_id).await;
        done.map_err(|error| Failure::Later(error.to_string()))
    }
}

/// Verifies a file that was dispatched, once for all its receivers.
#[derive(Serialize, Deserialize)]
pub struct VerifyArrivals {
    blob: Sha256,
}

impl Job for VerifyArrivals {
    const KIND: &'static str = "dispatch.verify_arrivals";

    async fn run(self, app: App) -> Result<(), Failure> {
        app.custody
            .verify_arrivals(&self.blob)
            .await
            .map_err(|error| Failure::Later(error.to_string()))
    }
}

/// Brings a document by mail to a receiver outside.
#[derive(Serialize, Deserialize)]
pub struct DeliverMail {
    sending_id: String,
}

impl Job for DeliverMail {
    const KIND: &'static str = "document.deliver_mail";

    async fn run(self, app: App) -> Result<(), Failure> {
        let done = app.custody.deliver(&self.sending_id).await;
        done.map_err(|error| Failure::Later(error.to_string()))
    }
}

/// How custody asks for these jobs.
pub struct Outbox {
    pub clock: Clock,
}

impl custody::Outbox for Outbox {
    fn complete<'a>(
        &'a self,
        tx: &'a Tx,
        document: &'a DocumentId,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = CompleteSignature {
            document_id: document.clone(),
        };
        async move { enqueue_at(tx, &self.clock, &job, due).await }.boxed()
    }

    fn complete_copy<'a>(
        &'a self,
        tx: &'a Tx,
        copy: &'a str,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = CompleteCopy {
            copy_id: copy.to_owned(),
        };
        async move { enqueue_at(tx, &self.clock, &job, due).await }.boxed()
    }

    fn verify<'a>(&'a self, tx: &'a Tx, blob: &'a Sha256) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = VerifyArrivals { blob: blob.clone() };
        async move { enqueue(tx, &self.clock, &job).await }.boxed()
    }

    fn keep_provable<'a>(&'a self, tx: &'a Tx) -> BoxFuture<'a, Result<(), DbErr>> {
        async move { enqueue(tx, &self.clock, &KeepProvable {}).await }.boxed()
    }

    fn deliver<'a>(&'a self, tx: &'a Tx, sending: &'a str) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = DeliverMail {
            sending_id: sending.to_owned(),
        };
        async move { enqueue(tx, &self.clock, &job).await }.boxed()
    }

    fn remind<'a>(
        &'a self,
        tx: &'a Tx,
        reminder: &'a Reminder,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        let id = reminder.job_id();
        let job = Remind {
            reminder: reminder.clone(),
        };
        async move { enqueue_once(tx, &self.clock, id, &job, due).await }.boxed()
    }

    fn press<'a>(&'a self, tx: &'a Tx, blob: &'a Sha256, due: Timestamp) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = PressForAnswers { blob: blob.clone() };
        let id = format!("{}/{blob}/{}", PressForAnswers::KIND, due.0);
        async move { enqueue_once(tx, &self.clock, id, &job, due).await }.boxed()
    }

    fn follow_remote<'a>(
        &'a self,
        tx: &'a Tx,
        request: &'a str,
        due: Timestamp,
        once: bool,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        let job = FollowRemote {
            request: request.to_owned(),
            once,
        };
        let id = format!("{}/{request}/{once}", FollowRemote::KIND);
        async move { enqueue_once(tx, &self.clock, id, &job, due).await }.boxed()
    }

    fn invite<'a>(&'a self, tx: &'a Tx, meeting: &'a MeetingId) -> BoxFuture<'a, Result<(), DbErr>> {
        invitation::ask(tx, &self.clock, meeting).boxed()
    }
}
