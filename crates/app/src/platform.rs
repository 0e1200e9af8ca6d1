//! The platform: everything that the verbs and workers share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::{NewOperation, OperationId, PaymentKey, ProjectId, ProviderReference, RequestId};
use domain::time::{Millis, Timestamp};
use store::jobs::JobKey;
use store::{Store, StoreError, ids, projects};
use thiserror::Error;

use crate::endpoints::Endpoints;
use crate::metrics::Metrics;
use crate::ports::{Clock, Entropy, Http};
use crate::project::{Project, ProjectError};
use crate::scheduler::{Places, Scheduler};
use crate::secrets::Vault;

/// Operation numbers taken from the store at one time.
const ID_BLOCK: i64 = 10_000;

/// How long a project is used as it was read. A changed setting or a rotated key counts after
/// at most this, in every process.
const PROJECT_FRESH: Millis = Millis::seconds(1);

/// A fault of ours. It is logged where it is handled and told to nobody.
#[derive(Debug, Error)]
pub enum Fault {
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A project can't be opened.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A message could not be written as JSON.
    #[error("a message can't be encoded")]
    Encode(#[from] serde_json::Error),
}

/// What the platform is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Opens the secrets.
    pub vault: Vault,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Reaches provider and merchants.
    pub http: Arc<dyn Http>,
    /// How customers' browsers and the provider reach us: scheme, host and port, no slash at the
    /// end.
    pub public_url: String,
    /// How much may run at one time.
    pub places: Places,
}

/// The platform. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    metrics: Metrics,
    scheduler: Mutex<Scheduler>,
    endpoints: Mutex<Endpoints>,
    projects: Mutex<BTreeMap<ProjectId, (Timestamp, Arc<Project>)>>,
    ids: Mutex<(i64, i64)>,
    on_work: Box<dyn Fn() + Send + Sync>,
    #[cfg(feature = "bugs")]
    planted: std::sync::OnceLock<crate::bugs::Bug>,
}

impl Platform {
    /// Puts the platform together. `on_work` is called whenever there may be something new to
    /// do, from any thread.
    pub fn new(parts: Parts, on_work: Box<dyn Fn() + Send + Sync>) -> Self {
        let inner = Inner {
            metrics: Metrics::default(),
            scheduler: Mutex::new(Scheduler::new(parts.places)),
            endpoints: Mutex::default(),
            projects: Mutex::default(),
            ids: Mutex::new((0, 0)),
            on_work,
            #[cfg(feature = "bugs")]
            planted: std::sync::OnceLock::new(),
            parts,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.inner.parts.clock.now()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Scheme, host and port under which browsers and the provider reach us.
    pub fn public_url(&self) -> &str {
        &self.inner.parts.public_url
    }

    pub(crate) fn http(&self) -> &dyn Http {
        &*self.inner.parts.http
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.inner.parts.entropy
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.parts.vault
    }

    /// The scheduler, for the loop that starts jobs.
    pub fn scheduler(&self) -> MutexGuard<'_, Scheduler> {
        self.inner.scheduler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn endpoints(&self) -> MutexGuard<'_, Endpoints> {
        self.inner.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there may be something new to do.
    pub(crate) fn announce_work(&self) {
        (self.inner.on_work)();
    }

    /// Makes a job run now.
    pub(crate) fn wake(&self, job: JobKey) {
        let now = self.now();
        self.scheduler().wake(job, now);
        self.announce_work();
    }

    /// A project by its number, at most a second old.
    ///
    /// # Errors
    /// [`Fault`] when the store fails or the secrets don't open.
    pub async fn project(&self, id: ProjectId) -> Result<Option<Arc<Project>>, Fault> {
        let now = self.now();
        let cached = self.projects().get(&id).cloned();
        if let Some((read_at, project)) = cached
            && now.since(read_at) < PROJECT_FRESH
            && now >= read_at
        {
            return Ok(Some(project));
        }
        let row = self.store().read(move |tx| projects::find(tx, id)).await;
        let Some(row) = row.map_err(Fault::Store)? else { return Ok(None) };
        let project = Arc::new(Project::open(row, self.vault())?);
        self.projects().insert(id, (now, Arc::clone(&project)));
        Ok(Some(project))
    }

    pub(crate) fn forget_project(&self, id: ProjectId) {
        self.projects().remove(&id);
    }

    /// The identities of a new operation of a payment.
    pub(crate) async fn new_operation(&self, key: &PaymentKey) -> Result<NewOperation, Fault> {
        let id = self.new_operation_id().await?;
        let mut request = [0; RequestId::ENTROPY_BYTES];
        let mut reference = [0; ProviderReference::ENTROPY_BYTES];
        self.entropy().fill(&mut request);
        // Ids that are made after each other lie beside each other in the store's index.
        for (byte, digit) in request.iter_mut().zip(id.0.to_be_bytes()) {
            *byte = digit;
        }
        self.entropy().fill(&mut reference);
        Ok(NewOperation {
            id,
            request: RequestId::new(key.lane(), &request),
            reference: ProviderReference::new(key, reference),
        })
    }

    async fn new_operation_id(&self) -> Result<OperationId, Fault> {
        loop {
            if let Some(id) = self.take_id() {
                return Ok(id);
            }
            // Two callers at once each take a block; the numbers of one of them stay unused.
            let first = self
                .store()
                .write(|tx| ids::take_block(tx, ID_BLOCK))
                .await
                .map_err(Fault::Store)?;
            *self.ids() = (first, first.saturating_add(ID_BLOCK));
        }
    }

    #[cfg(feature = "bugs")]
    pub(crate) fn planted(&self) -> &std::sync::OnceLock<crate::bugs::Bug> {
        &self.inner.planted
    }

    fn take_id(&self) -> Option<OperationId> {
        let mut ids = self.ids();
        let (next, end) = *ids;
        if next >= end {
            return None;
        }
        ids.0 = next.saturating_add(1);
        Some(OperationId(next))
    }

    fn ids(&self) -> MutexGuard<'_, (i64, i64)> {
        self.inner.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, (Timestamp, Arc<Project>)>> {
        self.inner.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
