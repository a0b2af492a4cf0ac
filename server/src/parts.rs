//! The parts of the running program, as they are handed to whoever works with them.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::conference::Conferences;
use crate::config::Config;
use crate::custody::Custody;
use crate::identity::{Directory, Passkeys, Provider};
use crate::mail::Mailer;
use crate::password::Passwords;
use crate::render::Typesetter;
use crate::secret::ServerSecret;
use crate::store::Store;

/// The parts that requests and jobs work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub store: Store,
    pub secret: ServerSecret,
    pub passwords: Passwords,
    /// Keeps people's passwords; none where the settings name none.
    pub directory: Option<Directory>,
    /// Logs people in; none where the settings name none.
    pub provider: Option<Provider>,
    /// The rules of passkeys; none where the origin is an address without a name.
    pub passkeys: Option<Passkeys>,
    pub custody: Custody,
    /// The way to the mail server; none where the settings name none.
    pub mailer: Option<Mailer>,
    /// The meetings that run now; they can once the program has started.
    pub conferences: Conferences,
    pub typesetter: Typesetter,
    /// Cancelled when the program begins to stop: long connections (sockets) then say good-bye and close.
    pub stopping: CancellationToken,
}
