//! The HTTP interface: Paytm's endpoints, the wallet page, and the sandbox's own controls.

mod admin;
pub(crate) mod html;
mod index;
mod initiate;
mod merchant_info;
mod page;
mod process;
mod refund;
mod reply;
mod status;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post, put};

use crate::app::App;

/// Longest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

pub(crate) fn router(app: App) -> Router {
    paytm().merge(sandbox()).layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX)).with_state(app)
}

/// Paytm's paths, with every alias that a published client uses.
fn paytm() -> Router<App> {
    Router::new()
        .route("/theia/api/v1/initiateTransaction", post(initiate::initiate))
        .route("/order/initiate", post(initiate::initiate))
        .route("/theia/api/v1/showPaymentPage", post(page::show).get(page::opened_by_get))
        .route("/theia/api/v1/processTransaction", post(process::process))
        .route("/v3/order/status", post(status::status))
        .route("/merchant-status/api/v1/getPaymentStatus", post(status::status))
        .route("/order/status", any(status::old_status))
        .route("/merchant-status/getTxnStatus", any(status::old_status))
        .route("/oltp/HANDLER_INTERNAL/getTxnStatus", any(status::old_status))
        .route("/refund/apply", post(refund::apply))
        .route("/refund/api/v1/async/refund", post(refund::apply))
        .route("/refund/api/v1/refund/apply/sync", post(refund::apply_at_once))
        .route("/v2/refund/status", post(refund::status))
        .route("/refund/api/v1/refundStatus", post(refund::status))
        .route("/api/v1/external/putMerchantInfo", put(merchant_info::put))
}

fn sandbox() -> Router<App> {
    Router::new()
        .route("/", get(index::index))
        .route("/sandbox/scenarios", get(index::scenarios))
        .route("/sandbox/style.css", get(html::style))
        .route("/sandbox/page/otp", post(page::ask_otp))
        .route("/sandbox/page/login", post(page::log_in))
        .route("/sandbox/page/pay", post(page::pay))
        .route("/sandbox/page/upi", post(page::ask_approval))
        .route("/sandbox/page/approve", post(page::approve))
        .route("/sandbox/page/decline", post(page::decline))
        .route("/sandbox/page/cancel", post(page::cancel))
        .route("/sandbox/admin/books", get(admin::books))
        .route("/sandbox/admin/webhooks", get(admin::webhooks))
        .route("/sandbox/admin/pay", post(admin::pay))
        .route("/sandbox/admin/scenario", post(admin::scenario))
        .route("/sandbox/admin/merchant", post(admin::merchant))
        .route("/sandbox/admin/clock/advance", post(admin::advance_clock))
}
