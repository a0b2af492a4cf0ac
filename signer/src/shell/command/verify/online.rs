//! `--online`: revocation answers and issuers that the document lacks are asked of hosts that were named.

use crate::error::Result;
use crate::shell::clock;
use crate::shell::command::network::{ConnectionArguments, named_by};
use crate::shell::fetch::Fetcher;
use crate::shell::raise;
use crate::sign::extend::Gathering;
use crate::validate::{Policy, Report, RevocationStatus, SubIndication};

#[derive(clap::Args)]
pub(super) struct OnlineArguments {
    /// May ask for OCSP and lists over the network: hosts that trusted certificates name, and those of --allow.
    #[arg(long)]
    online: bool,
    /// A host that may be asked for OCSP, lists and certificates; may be repeated.
    #[arg(long, value_name = "HOST", requires = "online")]
    allow: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

impl OnlineArguments {
    /// `None` where the network is not to be asked.
    pub(super) fn fetcher(&self, policy: &Policy) -> Result<Option<Fetcher>> {
        if !self.online {
            return Ok(None);
        }
        let mut hosts = self.allow.clone();
        hosts.extend(named_by(policy.anchors.iter().map(|anchor| &anchor.certificate))?);
        self.connection.fetcher(hosts).map(Some)
    }
}

/// Whether an answer from outside could say more.
pub(super) fn lacks_evidence(report: &Report) -> bool {
    report.signatures.iter().any(|signature| {
        let missing = [SubIndication::NoCertificateChainFound, SubIndication::TryLater];
        let missing = signature.sub_indication.is_some_and(|one| missing.contains(&one));
        missing || signature.revocation == RevocationStatus::Unknown
    })
}

/// The policy with all that could be fetched for `document`; what was refused is said on standard error.
pub(super) fn with_answers(policy: &Policy, document: &[u8], fetcher: &Fetcher) -> Result<Policy> {
    let anchors: Vec<Vec<u8>> = policy
        .anchors
        .iter()
        .map(|anchor| anchor.certificate.clone())
        .collect();
    let password = policy.password.as_deref();
    let mut gathering = Gathering::of(document, password, &anchors, &policy.intermediates, clock::now())?;
    for refusal in raise::fetch_needs(&mut gathering, fetcher, &|_| ()) {
        eprintln!("signer: {refusal}");
    }
    let material = gathering.into_material();
    let mut policy = policy.clone();
    policy.intermediates.extend(material.certificates);
    policy.ocsp_responses.extend(material.ocsp_responses);
    policy.revocation_lists.extend(material.revocation_lists);
    Ok(policy)
}
