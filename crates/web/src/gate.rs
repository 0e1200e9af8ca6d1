//! Gate: merchants' web services start sales and refunds here and ask how they stand. Every
//! request goes the same way: bound, parse, find the project, verify the signature, read, act,
//! answer, all within the time that the least patient client waits.

mod refund;
mod request_status;
mod sale;
mod signed;
mod status;

use std::sync::Arc;
use std::time::Duration;

use app::platform::{Fault, Platform};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, post};
use domain::code::Code;
use domain::id::RequestId;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use wire::field::FieldError;
use wire::gate::Accepted;

use crate::error::Problem;
use crate::exchange::{exchange, json, read_body};
use crate::shared::Shared;
use refund::Refund;
use request_status::RequestStatus;
use sale::Sale;
use signed::Signed;
use status::Status;

/// What a merchant may take of Gate.
#[derive(Debug, Clone, Copy)]
pub struct GateConfig {
    /// Longest body, in bytes; never more than [`wire::limits::BODY_BYTES`].
    pub body_bytes_max: usize,
    /// Every answer leaves within this time. Some clients give up after five seconds.
    pub answer_within: Duration,
    /// Requests that are worked on at once; what exceeds it is turned away before it is read. Half
    /// of what the store lets wait, so that its other users find room.
    pub in_flight_max: usize,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            body_bytes_max: wire::limits::BODY_BYTES,
            answer_within: Duration::from_millis(4_500),
            in_flight_max: 1_024,
        }
    }
}

/// The routes of Gate. Everything below `/v2` that is not known is answered in Gate's shape.
pub fn router(shared: &Shared, config: GateConfig) -> Router {
    let in_flight = Semaphore::new(config.in_flight_max);
    let gate = Gate { inner: Arc::new(Inner { shared: shared.clone(), config, in_flight }) };
    Router::new()
        .route("/v2/payment/wallet/paytm/sale", post(answer::<Sale>))
        .route("/v2/payment/wallet/{method}/sale", post(unknown_method))
        // Plug-ins send refunds to the family or system they believe the payment to be of; the
        // payment itself knows better.
        .route("/v2/payment/refund", post(answer::<Refund>))
        .route("/v2/payment/{system}/refund", post(answer::<Refund>))
        .route("/v2/payment/{family}/{method}/refund", post(answer::<Refund>))
        .route("/v2/payment/status", post(answer::<Status>))
        .route("/v2/payment/status/request", post(answer::<RequestStatus>))
        .method_not_allowed_fallback(method_not_allowed)
        .route("/v2/{*path}", any(unknown_route))
        .with_state(gate)
}

/// Something that a merchant may ask for.
trait Action {
    /// Its name in the metrics.
    const ROUTE: &'static str;

    /// Where the body names the project (RFC 6901). The project found there is the one whose
    /// signature counts.
    const PROJECT: &'static str;

    /// The body, read.
    type Request: Send;

    /// Reads the body, or says everything that is wrong with it.
    fn parse(document: &Value) -> Result<Self::Request, Vec<FieldError>>;

    /// Does what is asked, for the project that signed.
    fn act(
        platform: &Platform,
        signed: &Signed,
        request: Self::Request,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

#[derive(Clone)]
struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Shared,
    config: GateConfig,
    in_flight: Semaphore,
}

async fn answer<A: Action>(State(gate): State<Gate>, request: Request) -> Response {
    let answering = gate.carry_out::<A>(request);
    exchange(&gate.inner.shared, A::ROUTE, answering, Problem::into_json).await
}

impl Gate {
    async fn carry_out<A: Action>(&self, request: Request) -> Result<Response, Problem> {
        let Inner { shared, config, in_flight } = &*self.inner;
        let deadline = Instant::now() + config.answer_within;
        let body = timeout_at(deadline, read_body(request.into_body(), config.body_bytes_max))
            .await
            .map_err(|_elapsed| Problem::body_too_slow(config.answer_within))??;
        // Not before the body is here, or slow senders would hold all places.
        let _place = in_flight.try_acquire().map_err(|_full| Problem::overloaded())?;
        // A verb's future is some 20 KiB: boxed, it is not copied from wrapper to wrapper.
        timeout_at(deadline, Box::pin(act::<A>(shared.platform(), &body)))
            .await
            .map_err(|_elapsed| Problem::too_late())?
    }
}

async fn act<A: Action>(platform: &Platform, body: &[u8]) -> Result<Response, Problem> {
    let signed = Signed::read::<A>(platform, body).await?;
    let acted = match A::parse(&signed.document) {
        Ok(request) => A::act(platform, &signed, request).await,
        Err(errors) => Err(Problem::wrong_parameters(&errors)),
    };
    acted.map_err(|problem| problem.about(signed.project.id, &signed.document))
}

/// The answer to a request that was accepted as `request`.
fn accepted(signed: &Signed, payment_id: String, request: RequestId) -> Result<Response, Problem> {
    let accepted = Accepted::new(signed.project.id.0, payment_id, request.0);
    let body = serde_json::to_vec(&accepted).map_err(Fault::Encode)?;
    Ok(json(StatusCode::OK, body))
}

async fn unknown_method(State(gate): State<Gate>) -> Response {
    let detail = "the only payment method here is paytm: /v2/payment/wallet/paytm/sale";
    refuse(&gate, "unknown_method", Problem::refused(Code::UnknownMethod, detail)).await
}

async fn method_not_allowed(State(gate): State<Gate>) -> Response {
    refuse(&gate, "method_not_allowed", Problem::method_not_allowed()).await
}

async fn unknown_route(State(gate): State<Gate>) -> Response {
    refuse(&gate, "unknown_route", Problem::unknown_route()).await
}

async fn refuse(gate: &Gate, route: &'static str, problem: Problem) -> Response {
    exchange(&gate.inner.shared, route, async { Err(problem) }, Problem::into_json).await
}
