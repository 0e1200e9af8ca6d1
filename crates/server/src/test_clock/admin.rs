//! Operations move the clock: `POST /admin/clock/advance`, in test mode only. What is due at the
//! new time is done before the answer.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use app::platform::{Fault, Platform};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use store::jobs;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::TestClock;

/// Where the clock is moved.
pub(crate) const ADVANCE_PATH: &str = "/admin/clock/advance";

/// The furthest move of one request.
pub(crate) const ADVANCE_MAX: Millis = Millis::hours(31 * 24);

/// How long the answer waits for what became due: longer than a merchant's server may take.
const SETTLE_WITHIN: Duration = Duration::from_secs(20);
const SETTLE_LOOK: Duration = Duration::from_millis(1);

const JSON: &str = "application/json";

/// Jobs looked at for the first that is not overdue.
const LOOK: i64 = 1_000;

/// How far to move.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// Milliseconds from 0, which only asks for the time, to [`ADVANCE_MAX`].
    pub(crate) ms: i64,
}

/// The time after the move, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) now_ms: i64,
    /// When something is due next, if anything is planned.
    pub(crate) next_due_ms: Option<i64>,
    /// Whether all that was due has been done.
    pub(crate) settled: bool,
}

/// The route.
pub(crate) fn router(platform: Platform, clock: Arc<TestClock>) -> Router {
    let mover = Arc::new(Mover { platform, clock, turn: Mutex::new(()) });
    Router::new().route(ADVANCE_PATH, post(advance)).with_state(mover)
}

struct Mover {
    platform: Platform,
    clock: Arc<TestClock>,
    /// One move at a time.
    turn: Mutex<()>,
}

async fn advance(State(mover): State<Arc<Mover>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(by) = requested(&headers, &body) else {
        let expected = format!("expected JSON: {{\"ms\": 0 to {}}}", ADVANCE_MAX.0);
        return (StatusCode::BAD_REQUEST, expected).into_response();
    };
    let time = mover.advance(by).await.and_then(|time| Ok(serde_json::to_vec(&time)?));
    match time {
        Ok(time) => ([(header::CONTENT_TYPE, JSON)], time).into_response(),
        Err(error) => {
            let error: &(dyn Error + 'static) = error.as_ref();
            tracing::error!(error, "the clock could not be moved");
            (StatusCode::INTERNAL_SERVER_ERROR, "the clock could not be moved").into_response()
        }
    }
}

/// That the body must be called JSON keeps the pages of other sites out.
fn requested(headers: &HeaderMap, body: &[u8]) -> Option<Millis> {
    let content_type = headers.get(header::CONTENT_TYPE)?;
    let Advance { ms } = serde_json::from_slice(body).ok()?;
    (content_type == JSON && (0..=ADVANCE_MAX.0).contains(&ms)).then_some(Millis(ms))
}

impl Mover {
    async fn advance(&self, by: Millis) -> anyhow::Result<Moved> {
        let _turn = self.turn.lock().await;
        if by > Millis(0) {
            self.clock.advance(by)?;
        }
        // What is due now may lie beyond what the scheduler knew of.
        self.platform.scan_jobs().await?;
        let settled = self.settle().await;
        let next_due = self.next_due().await?;
        let now_ms = self.platform.now().0;
        Ok(Moved { now_ms, next_due_ms: next_due.map(|at| at.0), settled })
    }

    /// Waits until no job runs and none is due.
    async fn settle(&self) -> bool {
        let deadline = Instant::now() + SETTLE_WITHIN;
        while self.is_busy() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(SETTLE_LOOK).await;
        }
        true
    }

    fn is_busy(&self) -> bool {
        let now = self.platform.now();
        let scheduler = self.platform.scheduler();
        scheduler.running() > 0 || scheduler.next_due().is_some_and(|at| at <= now)
    }

    /// The next appointment: the scheduler's, which knows the next minutes and what the database
    /// does not (the probe of an endpoint that is cut off), or else the database's.
    async fn next_due(&self) -> Result<Option<Timestamp>, Fault> {
        let planned = self.platform.store().read(|tx| jobs::due(tx, Timestamp(i64::MAX), LOOK));
        let planned = planned.await.map_err(Fault::Store)?;
        let now = self.platform.now();
        let later = planned.into_iter().map(|job| job.due).find(|due| *due > now);
        Ok(self.platform.next_due().into_iter().chain(later).min())
    }
}
