//! Votes in writing (phiếu lấy ý kiến): a question with a deadline, everyone who is asked, and no room. What happens is written
//! straight into the record, which is that of a meeting; who writes to the same one does so one after another.

use sea_orm::DbErr;
use tracing::error;

use super::ballot_box::{BallotBox, SigningKey, Token};
use super::command::Unwritten;
use super::ledger::Ledger;
use super::protocol::ErrorName;
use super::registry::Conferences;
use crate::domain::ballot::{Choice, Opening, Terms, Vote, VoteId};
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::{Caller, Event, Procedure, Step};
use crate::domain::replay::Fault;
use crate::domain::voting::{counted, withdrawn};
use crate::fail_point;
use crate::store::Tx;
use crate::store::audit::Actor;

/// Why a vote in writing is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Where its time is over.
    Due,
    /// Where everyone has voted.
    Complete,
    /// Whoever put the question closes it.
    Now,
}

/// The one question of a vote in writing.
const QUESTION: VoteId = 1;

impl Conferences {
    /// Puts the question to everyone who is asked; a second time changes nothing.
    ///
    /// # Errors
    /// [`Fault::WrongVoters`] where nobody is asked, or too few for a secret vote.
    pub async fn put_in_writing(&self, id: &MeetingId, terms: Terms, actor: &Actor) -> Result<(), Unwritten> {
        let turn = self.turn(&id.0);
        let _turn = turn.lock().await;
        let (mut ledger, mut meeting) = self.opened(id).await?;
        if !meeting.votes.all.is_empty() {
            return Ok(());
        }
        let quorum = meeting.roll.quorum(meeting.rules.quorum);
        let opening = Opening::of(terms, &meeting.roll, quorum);
        let mut opening = opening.map_err(|_| Unwritten::Impossible(Fault::WrongVoters))?;
        if opening.terms.is_secret {
            let clock = self.clock();
            let key = tokio::task::spawn_blocking(move || SigningKey::generate(&clock)).await;
            let key = key
                .map_err(|_| Unwritten::NotKept)?
                .map_err(|_| Unwritten::NotKept)?;
            opening.key = Some(key.public());
            // Durable before the record says that there is one.
            self.keep(id, &BallotBox::new(key)).await?;
        }
        let event = Event::VoteOpened {
            vote: QUESTION,
            opening: Box::new(opening),
        };
        ledger.write_plan(&mut meeting).await.map_err(not_kept)?;
        meeting.can_follow(&event)?;
        ledger
            .commit(actor, vec![event], &mut meeting)
            .await
            .map_err(not_kept)
    }

    /// A token of a secret vote, blindly signed: once a voter, and again for the same one.
    ///
    /// # Errors
    /// As the procedure says; [`ErrorName::NotKept`].
    pub async fn token_in_writing(
        &self,
        id: &MeetingId,
        caller: &Caller,
        actor: &Actor,
        (hash, blinded): (String, Vec<u8>),
    ) -> Result<Vec<u8>, ErrorName> {
        self.close_in_writing(id, Close::Due)
            .await
            .map_err(|_| ErrorName::NotKept)?;
        let turn = self.turn(&id.0);
        let _turn = turn.lock().await;
        let (mut ledger, mut meeting) = self.opened(id).await.map_err(|_| ErrorName::NotKept)?;
        let step = Step::AskToken {
            vote: QUESTION,
            voter: caller.seat.clone(),
            blinded: hash,
        };
        let events = meeting.decide(caller, step)?;
        let written = ledger.commit(actor, events, &mut meeting).await;
        written.map_err(|_| ErrorName::NotKept)?;
        fail_point::hit("ballot.token_written");
        let loaded = BallotBox::load(self.store().read(), self.secret(), id, QUESTION).await;
        let key = loaded.ok().flatten().ok_or(ErrorName::NotKept)?.key;
        let clock = self.clock();
        let signed = tokio::task::spawn_blocking(move || key.sign(&blinded, &clock)).await;
        signed
            .map_err(|_| ErrorName::NotKept)?
            .map_err(|_| ErrorName::Unusable)
    }

    /// Puts a secret ballot into the box. Of whom it is, nothing says.
    pub(super) async fn cast_secret_in_writing(
        &self,
        id: &MeetingId,
        token: &Token,
        choice: Choice,
    ) -> Result<(), ErrorName> {
        self.close_in_writing(id, Close::Due)
            .await
            .map_err(|_| ErrorName::NotKept)?;
        {
            let turn = self.turn(&id.0);
            let _turn = turn.lock().await;
            let loaded = BallotBox::load(self.store().read(), self.secret(), id, QUESTION).await;
            let ballot_box = loaded.map_err(|error| {
                error!(%error, meeting.id = %id, "a ballot box could not be opened");
                ErrorName::NotKept
            })?;
            // It is gone with the close.
            let mut ballot_box = ballot_box.ok_or(ErrorName::VoteClosed)?;
            if !ballot_box.key.knows(token) {
                return Err(ErrorName::Refused);
            }
            if ballot_box.put(token, Some(choice)) != Some(choice) {
                self.keep(id, &ballot_box).await.map_err(|_| ErrorName::NotKept)?;
                fail_point::hit("ballot.boxed");
            }
        }
        // The ballot is in; the close is tried again by the hour at the latest.
        let _ = self.close_in_writing(id, Close::Complete).await;
        Ok(())
    }

    /// Counts the ballots, where it is time for that; may be asked twice.
    ///
    /// # Errors
    /// [`Unwritten`]; it stays open then.
    pub async fn close_in_writing(&self, id: &MeetingId, close: Close) -> Result<(), Unwritten> {
        self.close_by(id, close, &Actor::System).await
    }

    /// As [`Self::close_in_writing`], by somebody.
    ///
    /// # Errors
    /// As there.
    pub async fn close_by(&self, id: &MeetingId, close: Close, actor: &Actor) -> Result<(), Unwritten> {
        let turn = self.turn(&id.0);
        let _turn = turn.lock().await;
        let (mut ledger, mut meeting) = self.opened(id).await?;
        let Some(vote) = meeting.votes.open() else {
            return Ok(());
        };
        let ballot_box = match vote.opening.terms.is_secret {
            true => BallotBox::load(self.store().read(), self.secret(), id, QUESTION)
                .await
                .map_err(not_kept)?,
            false => None,
        };
        let cast = ballot_box.as_ref().map_or(vote.ballots.len(), BallotBox::count);
        let is_time = match close {
            Close::Due => meeting.closes_at().is_some_and(|at| at <= self.clock().now()),
            Close::Complete => cast == vote.opening.voters.len(),
            Close::Now => true,
        };
        if !is_time {
            return Ok(());
        }
        let event = closed(vote, ballot_box.as_ref());
        ledger
            .commit(actor, vec![event], &mut meeting)
            .await
            .map_err(not_kept)
    }

    async fn opened(&self, id: &MeetingId) -> Result<(Ledger, Procedure), Unwritten> {
        let opened = Ledger::open(self.store().clone(), self.clock(), id.clone()).await;
        opened.map_err(not_kept)
    }

    async fn keep(&self, id: &MeetingId, ballot_box: &BallotBox) -> Result<(), Unwritten> {
        let (secret, clock) = (self.secret(), self.clock());
        let kept = self
            .store()
            .write(async |tx: &Tx| ballot_box.keep(tx, (secret, &clock), id, QUESTION).await);
        kept.await.map_err(not_kept)
    }
}

/// A backup holds no box: what is restored from it has nothing to count.
fn closed(vote: &Vote, ballot_box: Option<&BallotBox>) -> Event {
    match (vote.opening.terms.is_secret, ballot_box) {
        (false, _) => counted(vote, Vec::new()),
        (true, Some(ballot_box)) => counted(vote, ballot_box.published()),
        (true, None) => withdrawn(vote),
    }
}

fn not_kept(error: DbErr) -> Unwritten {
    error!(%error, "a vote in writing could not be written");
    Unwritten::NotKept
}
