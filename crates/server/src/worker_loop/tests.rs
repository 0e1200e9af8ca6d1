//! The loop over a real database in memory, with a network that fails as it is told.

use std::sync::Mutex;

use app::platform::Parts;
use app::ports::{BoxFuture, Http, HttpAnswer, HttpError, HttpRequest};
use app::project::{PaytmSettings, Settings};
use app::scheduler::Places;
use app::secrets::Vault;
use app::verbs::NewProject;
use domain::id::{PaymentId, PaymentKey, ProjectId};
use domain::time::Timestamp;
use serde_json::json;
use store::Store;
use tokio::sync::{mpsc, oneshot};
use wire::gate::SaleRequest;

use super::*;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;

/// A busy machine must not fail a test.
const DEADLINE: Duration = Duration::from_secs(30);

/// What becomes of a request to the provider.
enum Fate {
    Panic,
    /// No answer, once told so.
    NoAnswer(oneshot::Receiver<()>),
}

/// Hands out fates in order and says when one was asked for.
struct Network {
    fates: Mutex<Vec<Fate>>,
    asked: mpsc::UnboundedSender<()>,
}

impl Http for Network {
    fn send(&self, _request: HttpRequest) -> BoxFuture<Result<HttpAnswer, HttpError>> {
        let fate = self.fates.lock().unwrap().pop();
        self.asked.send(()).unwrap();
        Box::pin(async move {
            match fate {
                Some(Fate::Panic) => panic!("a bug in the network"),
                Some(Fate::NoAnswer(told)) => {
                    let _told = told.await;
                    Err(HttpError::NoAnswer("as told".to_owned()))
                }
                None => std::future::pending().await,
            }
        })
    }
}

struct World {
    platform: Platform,
    work: Arc<Notify>,
    asked: mpsc::UnboundedReceiver<()>,
}

impl World {
    /// A platform with one sale, whose order is to be opened now. The fates are taken from the end.
    async fn with_a_sale(fates: Vec<Fate>) -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let work = Arc::new(Notify::new());
        let parts = Parts {
            store: Store::inline().unwrap(),
            vault: Vault::new(&[1; 32]).unwrap(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            http: Arc::new(Network { fates: Mutex::new(fates), asked: sender }),
            public_url: "http://127.0.0.1".to_owned(),
            places: Places::default(),
        };
        let told = Arc::clone(&work);
        let platform = Platform::new(parts, Box::new(move || told.notify_one()));
        let account = PaytmSettings {
            mid: "MID".to_owned(),
            base_url: "http://127.0.0.1".to_owned(),
            website: "DEFAULT".to_owned(),
            modes: vec![],
        };
        let new = NewProject {
            id: Some(200),
            name: "Shop".to_owned(),
            secret: None,
            paytm_key: "0123456789abcdef".to_owned(),
            settings: Settings::new(account),
        };
        let project = Arc::new(platform.create_project(new).await.unwrap());
        let sale = SaleRequest::parse(&json!({
            "general": {"project_id": 200, "payment_id": "1"},
            "customer": {"id": "1", "ip_address": "1.1.1.1"},
            "payment": {"amount": 2500, "currency": "INR"},
        }));
        platform.start_sale(&project, sale.unwrap(), 1, 0).await.unwrap();
        Self { platform, work, asked }
    }

    fn start(&self, stop: oneshot::Receiver<()>) -> tokio::task::JoinHandle<()> {
        let heartbeat = Heartbeat::new(self.platform.now());
        let stopped = async { drop(stop.await) };
        tokio::spawn(run(self.platform.clone(), Arc::clone(&self.work), heartbeat, stopped))
    }

    /// When the payment's jobs are due.
    async fn planned(&self) -> Vec<Timestamp> {
        let key = PaymentKey::new(ProjectId(200), PaymentId("1".to_owned()));
        let view = self.platform.payment_view(key).await.unwrap().unwrap();
        view.jobs.iter().map(|job| job.due).collect()
    }
}

#[tokio::test]
async fn a_job_that_panics_is_run_again() {
    let (_never, waits) = oneshot::channel();
    let mut world = World::with_a_sale(vec![Fate::NoAnswer(waits), Fate::Panic]).await;
    let (_stop, stopped) = oneshot::channel();
    let running = world.start(stopped);
    for _ in 0..2 {
        timeout(DEADLINE, world.asked.recv()).await.unwrap().unwrap();
    }
    assert!(!running.is_finished());
    running.abort();
}

#[tokio::test]
async fn a_stop_waits_for_the_jobs_that_run() {
    let (answer, waits) = oneshot::channel();
    let mut world = World::with_a_sale(vec![Fate::NoAnswer(waits)]).await;
    let (stop, stopped) = oneshot::channel();
    let running = world.start(stopped);
    timeout(DEADLINE, world.asked.recv()).await.unwrap().unwrap();

    stop.send(()).unwrap();
    let before = world.planned().await;
    assert!(!running.is_finished());
    answer.send(()).unwrap();
    timeout(DEADLINE, running).await.unwrap().unwrap();
    assert_ne!(world.planned().await, before, "the job was not planned again");
}
