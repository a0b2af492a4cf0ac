//! Following what a remote signing service was asked to sign.

use serde::{Deserialize, Serialize};

use super::{Failure, Job};
use crate::custody::remote::Standing;
use crate::parts::App;

/// Asks the service how far it is, until the request is over; or once, because it has called back.
#[derive(Serialize, Deserialize)]
pub struct FollowRemote {
    pub request: String,
    pub once: bool,
}

impl Job for FollowRemote {
    const KIND: &'static str = "document.follow_remote";

    async fn run(self, app: App) -> Result<(), Failure> {
        match app.custody.follow_remote(&self.request).await {
            Ok(Standing::Over) => Ok(()),
            Ok(Standing::Waits(_)) if self.once => Ok(()),
            Ok(Standing::Waits(pause)) => Err(Failure::After(pause, "the service is not ready".to_owned())),
            Err(error) => Err(Failure::Later(error.to_string())),
        }
    }
}
