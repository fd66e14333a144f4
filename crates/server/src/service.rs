//! What all calls share: admission, the record, its views, tokens, and what is known of accounts.
//!
//! Reading waits for the disk, so it happens on threads of its own, and no more than [`READERS`] at a time:
//! support looking through a year of trails does not keep anybody from logging in.

use crate::access::Access;
use crate::desk::sign_ins::SignIns;
use crate::guesses::Guesses;
use crate::looks::LookedAt;
use crate::metrics::Metrics;
use crate::occupied::Occupied;
use crate::oidc::Oidc;
use crate::outgoing::{self, Outgoing};
use crate::problem::Problem;
use crate::seat_token::SeatTokens;
use crate::settings::Settings;
use crate::tail::Tail;
use crate::terms::TermsOf;
use crate::webhooks::Webhooks;
use admission::{Admission, Clock, FromLog, FromViews, Options, StartError};
use ledger::Ledger;
use projector::{ProjectError, Projector, Views};
use reporting::OriginError;
use reporting::names::{Names, find_account};
use seats::{AccountId, Micros, Timestamp};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Questions to the record that are worked on at the same time.
pub const READERS: usize = 8;

/// The licence server without its socket.
pub struct Service {
    pub(crate) ledger: Ledger,
    pub(crate) admission: Admission,
    pub(crate) access: Access,
    pub(crate) seat_tokens: SeatTokens,
    pub(crate) settings: Settings,
    pub(crate) terms: Arc<TermsOf>,
    pub(crate) looked_at: LookedAt,
    pub(crate) guesses: Guesses,
    pub(crate) sign_ins: SignIns,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) occupied: Arc<Occupied>,
    pub(crate) tail: Tail,
    pub(crate) webhooks: Webhooks,
    pub(crate) oidc: Option<Oidc>,
    pub(crate) origin: String,
    views: Views,
    readers: Arc<Semaphore>,
    /// Whoever tells of an outage.
    pub(crate) outages: tokio::sync::Mutex<()>,
    /// Whoever records what was done to the access tokens.
    recording: tokio::sync::Mutex<()>,
    /// Whoever assigns a price plan.
    pub(crate) pricing: tokio::sync::Mutex<()>,
    /// Whoever closes a month of all accounts.
    pub(crate) closing: tokio::sync::Mutex<()>,
    /// Whoever holds all statements against the log.
    pub(crate) reconciling: tokio::sync::Mutex<()>,
    /// Whoever makes an export, whose statements are all in memory.
    pub(crate) exporting: tokio::sync::Mutex<()>,
    /// Whoever reads all accounts for a commercial report; held for as long as the reading lasts.
    pub(crate) reporting: Arc<tokio::sync::Mutex<()>>,
    /// Whoever makes a backup.
    pub(crate) backing_up: Mutex<()>,
    clock: Arc<dyn Clock>,
}

/// Why the service does not start.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Admission does not. See what it says.
    #[error(transparent)]
    Admission(#[from] StartError),
    /// The views cannot be kept. Delete the directory `views`; it is made anew.
    #[error(transparent)]
    Views(#[from] ProjectError),
    /// The ledger's name cannot be told. See what it says.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The access tokens or the key of the seat tokens cannot be read or kept.
    #[error("access: {0}")]
    Access(io::Error),
    /// Webhooks cannot be read or kept, or have no thread.
    #[error("webhooks: {0}")]
    Webhooks(io::Error),
    /// The certificates of `outgoing_ca` cannot be read. Mend the file.
    #[error("outgoing_ca: {0}")]
    Roots(io::Error),
    /// The operating system gives no thread. Free some.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
}

impl Service {
    /// Starts on an open ledger; `access` is the directory of tokens and keys.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn start(
        ledger: Ledger,
        access: &Path,
        settings: Settings,
        options: Options,
        clock: impl Clock + Clone,
    ) -> Result<Service, ServiceError> {
        let tokens = Access::open(access).map_err(ServiceError::Access)?;
        let projector = Projector::open(&ledger).transpose()?;
        let views = projector.as_ref().map(Projector::views);
        let admission = match &views {
            Some(views) => {
                let source = FromViews::new(views.clone());
                Admission::start_from(ledger.clone(), options, clock.clone(), source)?
            }
            None => {
                let source = FromLog::new(ledger.clone());
                Admission::start_from(ledger.clone(), options, clock.clone(), source)?
            }
        };
        let views = views.unwrap_or_else(|| Views::without_snapshots(&ledger));
        // The first commit names a ledger that has no key, and admission has made it by now or makes it first.
        let origin = reporting::origin(&ledger)?;
        let issuer = settings.public_url.clone().unwrap_or_else(|| origin.clone());
        let seat_tokens = SeatTokens::open(access, &issuer).map_err(ServiceError::Access)?;
        let metrics = Arc::new(Metrics::default());
        let terms = Arc::new(TermsOf::default());
        let occupied = Arc::new(Occupied::default());
        let told = (Arc::clone(&terms), Arc::clone(&occupied));
        let tail = Tail::start(views.clone(), projector, Arc::clone(&metrics), told)
            .map_err(ServiceError::Thread)?;
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let roots = settings.outgoing_ca.as_deref().map_or(Ok(Vec::new()), outgoing::roots);
        let roots = roots.map_err(ServiceError::Roots)?;
        let outgoing = Outgoing::new(settings.webhooks_allow_private, &roots);
        let webhooks = Webhooks::start(ledger.clone(), Arc::clone(&clock), outgoing, access)
            .map_err(ServiceError::Webhooks)?;
        // The operator chose the provider: it may well stand in the own network.
        let provider = settings.oidc.clone().zip(settings.public_url.as_deref());
        let oidc =
            provider.map(|(provider, url)| Oidc::new(provider, url, Outgoing::new(true, &roots)));
        Ok(Service {
            ledger,
            admission,
            access: tokens,
            seat_tokens,
            looked_at: LookedAt::new(settings.look_lasts_s),
            guesses: Guesses::new(settings.failures_max),
            settings,
            terms,
            sign_ins: SignIns::default(),
            metrics,
            occupied,
            tail,
            webhooks,
            oidc,
            origin,
            views,
            readers: Arc::new(Semaphore::new(READERS)),
            reporting: Arc::default(),
            outages: tokio::sync::Mutex::default(),
            recording: tokio::sync::Mutex::default(),
            pricing: tokio::sync::Mutex::default(),
            closing: tokio::sync::Mutex::default(),
            reconciling: tokio::sync::Mutex::default(),
            exporting: tokio::sync::Mutex::default(),
            backing_up: Mutex::default(),
            clock,
        })
    }

    /// The access tokens.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Admission, for programs that run the service themselves.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Records what was done to the access tokens and is not on record yet, by whichever process; how much.
    ///
    /// # Errors
    /// What admission says, or the file of the tokens. What was not recorded is recorded the next time.
    pub async fn record_tokens(&self) -> Result<usize, Problem> {
        let _alone = self.recording.lock().await;
        let deeds = self.access.unrecorded();
        for deed in &deeds {
            // Accounts that are not open yet have no number.
            let accounts = deed.token.accounts.as_ref();
            let accounts = accounts.map(|names| {
                names.iter().filter_map(|name| self.account(name).ok()).collect::<Vec<_>>()
            });
            self.admission.record_token(deed.event(accounts), deed.by()).await?;
            let failed = |error| Problem::new("unexpected", format!("access tokens: {error}"));
            self.access.recorded(deed).map_err(failed)?;
        }
        Ok(deeds.len())
    }

    /// Finishes what was accepted, and stops in good order.
    ///
    /// # Errors
    /// Why the record failed, if it did.
    pub async fn stop(&self) -> Result<(), admission::Failure> {
        let stopped = self.admission.stop().await;
        self.webhooks.stop();
        self.tail.stop();
        stopped
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Time that only ever passes, for measuring.
    pub(crate) fn monotonic(&self) -> Micros {
        self.clock.monotonic()
    }

    /// Views of the log as it stands now.
    pub(crate) fn views(&self) -> Views {
        self.views.renewed()
    }

    /// The account of that name or number.
    pub(crate) fn account(&self, name: &str) -> Result<AccountId, Problem> {
        let unknown = || Problem::new("unknown_account", format!("there is no account {name:?}"));
        let found = find_account(self.ledger.book(), name).map_err(|_| unknown())?;
        self.ledger.account_head(found)?.map(|_| found).ok_or_else(unknown)
    }

    /// The account's name, or its number.
    pub(crate) fn name_of(&self, account: AccountId) -> String {
        Names::new(self.ledger.book(), account).account()
    }

    /// Does something that reads from the disk, on a thread of its own.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Views) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let ended = |_| Problem::new("stopping", "the server is stopping");
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(ended)?;
        let views = self.views();
        let answered = tokio::task::spawn_blocking(move || {
            let answer = question(&views);
            drop(permit);
            answer
        });
        answered.await.map_err(|error| Problem::new("unexpected", error))?
    }
}
