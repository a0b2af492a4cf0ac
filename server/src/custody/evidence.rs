//! What authorities say about the signers of a document: fetched within limits, kept as evidence.

use bytes::Bytes;
use hoian_signer::shell::fetch::exchange::Limits;
use hoian_signer::sign::extend::{Gathering, Material, Need};
use hoian_signer::validate::Policy;

use super::Custody;
use super::answers::Answers;
use super::error::Result;
use super::fetch;

/// A document with two signatures and their time-stamps asks for six answers; a hostile one could ask without end.
const MOST_ANSWERS: usize = 16;

impl Custody {
    /// Certificates, OCSP responses and revocation lists about everyone who signed `document`, as far as they can be had.
    /// Nothing for a file that cannot be read or holds no signature. Nobody is asked what stands among `recent` answers.
    ///
    /// # Errors
    /// [`super::Error::Pool`].
    pub(super) async fn evidence(
        &self,
        document: Bytes,
        policy: &Policy,
        recent: Option<&Answers>,
    ) -> Result<Material> {
        let anchors: Vec<_> = policy
            .anchors
            .iter()
            .map(|anchor| anchor.certificate.clone())
            .collect();
        let (intermediates, now) = (policy.intermediates.clone(), policy.now);
        let read = move || Gathering::of(&document, None, &anchors, &intermediates, now);
        let Ok(mut gathering) = self.run(read).await? else {
            return Ok(Material::default());
        };
        self.gather(&mut gathering, recent).await;
        Ok(gathering.into_material())
    }

    /// Asks for what is needed, until nothing more can be had.
    pub(super) async fn gather(&self, gathering: &mut Gathering, recent: Option<&Answers>) {
        for _ in 0..MOST_ANSWERS {
            let Some(need) = gathering.need() else { break };
            if !self.meet(gathering, &need, recent).await {
                gathering.give_up(&need);
            }
        }
    }

    /// Asks one address after another.
    async fn meet(&self, gathering: &mut Gathering, need: &Need, recent: Option<&Answers>) -> bool {
        for address in need.addresses().iter().take(2) {
            let answer = match recent {
                Some(recent) => self.ask_unless_recent(address, need, recent).await,
                None => self.ask_authority(address, need).await,
            };
            if answer.is_some_and(|answer| gathering.supply(need, &answer)) {
                return true;
            }
        }
        false
    }

    async fn ask_unless_recent(&self, address: &str, need: &Need, recent: &Answers) -> Option<Bytes> {
        let question = match need {
            Need::Ocsp { request, .. } => request.clone(),
            Need::Issuer { .. } | Need::List { .. } => Vec::new(),
        };
        let asked = (address.to_owned(), question);
        if let Some(answer) = recent.recent(&asked, self.clock.now()) {
            return answer;
        }
        let answer = self.ask_authority(address, need).await;
        recent.keep(asked, self.clock.now(), answer.clone());
        answer
    }

    async fn ask_authority(&self, address: &str, need: &Need) -> Option<Bytes> {
        match need {
            Need::Issuer { .. } => heard(self.fetch.get(address, self.patient(fetch::ANSWER)).await),
            Need::Ocsp { request, .. } => self.ocsp_answer(address, request.clone()).await,
            Need::List { .. } => self.revocation_list(address).await,
        }
    }

    pub(super) async fn ocsp_answer(&self, address: &str, question: Vec<u8>) -> Option<Bytes> {
        let limits = self.patient(fetch::ANSWER);
        let answer = self
            .fetch
            .post(address, "application/ocsp-request", question, limits);
        heard(answer.await)
    }

    pub(super) async fn revocation_list(&self, address: &str) -> Option<Bytes> {
        heard(self.fetch.get(address, self.patient(fetch::LIST)).await)
    }

    fn patient(&self, limits: Limits) -> Limits {
        let time = self.settings.revocation_time();
        Limits { time, ..limits }
    }
}

fn heard(answer: std::result::Result<Bytes, fetch::Error>) -> Option<Bytes> {
    answer
        .inspect_err(|error| tracing::warn!(%error, "an authority was not heard"))
        .ok()
}
