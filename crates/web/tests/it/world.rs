//! A platform with its faces, served on a free port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use app::platform::{Parts, Platform};
use app::ports::{BoxFuture, Clock, Entropy, Http, HttpAnswer, HttpError, HttpRequest};
use app::project::{PaytmSettings, Project, Settings};
use app::scheduler::Places;
use app::secrets::Vault;
use app::verbs::NewProject;
use axum::Router;
use domain::command::Command;
use domain::decide::decide;
use domain::id::{NewOperation, OperationId, PaymentId, PaymentKey, ProjectId};
use domain::id::{ProviderReference, RequestId};
use domain::payment::Payment;
use domain::provider::{Receipt, SaleAnswer};
use domain::time::Timestamp;
use dwar_web::Shared;
use dwar_web::gate::GateConfig;
use dwar_web::ops::Heartbeat;
use dwar_web::page::PageConfig;
use dwar_web::provider::ProviderConfig;
use serde_json::{Value, json};
use store::{Options, Store, StoreError, payments};
use tokio::net::TcpListener;

use crate::client::{Answer, send};
use crate::scratch::Scratch;

/// 2026-01-31T10:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_769_853_600_000);

/// The project most tests use, and its secret.
pub(crate) const LIVE: i64 = 200;
pub(crate) const LIVE_SECRET: &str = "live secret";

/// A project in test mode, and its secret.
pub(crate) const TEST: i64 = 201;
pub(crate) const TEST_SECRET: &str = "test secret";

/// A project that may not use Paytm.
pub(crate) const DISABLED: i64 = 202;
pub(crate) const DISABLED_SECRET: &str = "disabled secret";

/// The time, which a test sets; it can also be broken.
pub(crate) struct TestClock {
    now: AtomicI64,
    broken: AtomicBool,
}

impl TestClock {
    pub(crate) fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }

    /// From now on whoever asks for the time panics.
    pub(crate) fn break_it(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(!self.broken.load(Ordering::SeqCst), "the test broke the clock");
        Timestamp(self.now.load(Ordering::SeqCst))
    }
}

/// Bytes that count up, so that a test's ids are always the same.
#[derive(Default)]
struct CountingEntropy(AtomicU8);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::SeqCst));
    }
}

/// Nobody can be reached.
struct NoNetwork;

impl Http for NoNetwork {
    fn send(&self, _: HttpRequest) -> BoxFuture<Result<HttpAnswer, HttpError>> {
        Box::pin(async { Err(HttpError::NotSent("there is no network here".into())) })
    }
}

/// The platform under test and where it is served.
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) heartbeat: Heartbeat,
    address: SocketAddr,
    // Dropped last: the store's files are in it.
    _scratch: Scratch,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(GateConfig::default(), ProviderConfig::default()).await
    }

    pub(crate) async fn with(gate: GateConfig, provider: ProviderConfig) -> Self {
        let scratch = Scratch::new();
        let clock = Arc::new(TestClock { now: AtomicI64::new(NOW.0), broken: false.into() });
        let parts = Parts {
            store: Store::open(&scratch.path().join("dwar.db"), &Options::default()).unwrap(),
            vault: Vault::new(&[7; 32]).unwrap(),
            clock: clock.clone(),
            entropy: Arc::new(CountingEntropy::default()),
            http: Arc::new(NoNetwork),
            public_url: "https://pay.example".into(),
            places: Places::default(),
        };
        let platform = Platform::new(parts, Box::new(|| {}));
        for (id, secret) in [(LIVE, LIVE_SECRET), (TEST, TEST_SECRET), (DISABLED, DISABLED_SECRET)]
        {
            platform.create_project(new_project(id, secret)).await.unwrap();
        }
        let heartbeat = Heartbeat::new(NOW);
        let shared = Shared::new(platform.clone());
        let router = Router::new()
            .merge(dwar_web::gate::router(&shared, gate))
            .merge(dwar_web::provider::router(&shared, provider))
            .merge(dwar_web::page::router(&shared, page_config()).unwrap())
            .merge(dwar_web::ops::router(&shared, Some(heartbeat.clone())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { platform, clock, heartbeat, address, _scratch: scratch }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a body to Gate.
    pub(crate) async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        send(self.address, "POST", path, "", body.as_ref()).await
    }

    /// Signs a body for Gate with the secret of [`LIVE`] and sends it.
    pub(crate) async fn post_signed(&self, path: &str, body: Value) -> Answer {
        self.post(path, signed(body, LIVE_SECRET).to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.address, "GET", path, "", b"").await
    }

    /// Starts a sale and returns the stored payment.
    pub(crate) async fn sale(&self, body: Value) -> Payment {
        let payment_id = body["general"]["payment_id"].as_str().unwrap().to_owned();
        let answer = self.post_signed("/v2/payment/wallet/paytm/sale", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.payment(&payment_id).await
    }

    pub(crate) async fn payment(&self, id: &str) -> Payment {
        self.stored(id).await.unwrap()
    }

    pub(crate) async fn stored(&self, id: &str) -> Option<Payment> {
        self.platform.payment(live_key(id)).await.unwrap()
    }

    /// The provider's word about a sale, as a worker brings it to the rules.
    pub(crate) async fn provider_says(&self, payment: &str, answer: SaleAnswer) {
        let key = live_key(payment);
        let give_back = NewOperation {
            id: OperationId(9_000),
            request: RequestId::new(key.lane(), &[9; RequestId::ENTROPY_BYTES]),
            reference: ProviderReference::new(&key, [9; ProviderReference::ENTROPY_BYTES]),
        };
        let sale = self.payment(payment).await.sale.id;
        let command = Command::SaleAnswered { sale, answer, last: false, give_back };
        let change = move |tx: &mut dyn store::Tx| {
            let before = payments::load(tx, &key)?;
            let decision = decide(before.clone(), command, NOW).unwrap();
            payments::save(tx, before.as_ref(), &decision, NOW)
        };
        self.platform.store().write::<_, StoreError, _>(change).await.unwrap();
    }

    /// Changes the settings of a project as an operator would.
    pub(crate) async fn change_project(&self, id: i64, change: impl FnOnce(&mut Project)) {
        let view = self.platform.project_view(ProjectId(id)).await.unwrap().unwrap();
        let mut project = view.project;
        change(&mut project);
        self.platform.save_project(&project).await.unwrap();
    }
}

fn page_config() -> PageConfig {
    PageConfig {
        entropy: Arc::new(CountingEntropy::default()),
        trusted_proxies: Vec::new(),
        live_max: 4,
    }
}

pub(crate) fn paid() -> SaleAnswer {
    SaleAnswer::Paid(Receipt {
        transaction_id: "20260131100000".into(),
        date: Some(NOW),
        mode: Some("PPI".into()),
        bank_reference: None,
    })
}

fn live_key(payment: &str) -> PaymentKey {
    PaymentKey::new(ProjectId(LIVE), PaymentId(payment.to_owned()))
}

fn new_project(id: i64, secret: &str) -> NewProject {
    let mut settings = Settings::new(PaytmSettings {
        mid: "Dwar0000000000000000".into(),
        base_url: "https://provider.example".into(),
        website: "WEBSTAGING".into(),
        modes: vec!["BALANCE".into()],
    });
    settings.test_mode = id == TEST;
    settings.paytm_enabled = id != DISABLED;
    NewProject {
        id: Some(id),
        name: format!("project {id}"),
        secret: Some(secret.into()),
        paytm_key: "0123456789abcdef".into(),
        settings,
    }
}

/// A complete sale, not signed.
pub(crate) fn sale(payment_id: &str) -> Value {
    json!({
        "general": {"project_id": LIVE, "payment_id": payment_id},
        "customer": {"id": "12345", "ip_address": "1.1.1.1"},
        "payment": {"amount": 250, "currency": "INR"},
    })
}

/// A question about a payment, or a refund of all of it, not signed.
pub(crate) fn about(payment_id: &str) -> Value {
    json!({"general": {"project_id": LIVE, "payment_id": payment_id}})
}

/// Signs a document where Gate's clients do: in `general`, or beside flat members.
pub(crate) fn signed(mut document: Value, secret: &str) -> Value {
    let signature = wire::signature::sign(&document, secret);
    let holder = match document.get_mut("general") {
        Some(general) => general,
        None => &mut document,
    };
    holder["signature"] = signature.into();
    document
}

/// Bounds under which a test may wait as long as it must.
pub(crate) fn patient() -> ProviderConfig {
    let long = Duration::from_mins(10);
    ProviderConfig { answer_within: long, outcome_within: long }
}

/// Bounds under which nobody waits for a result.
pub(crate) fn hasty() -> ProviderConfig {
    ProviderConfig { outcome_within: Duration::ZERO, ..patient() }
}
