//! `putMerchantInfo`: how a merchant sets the address of its notifications.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use paytm::checksum;
use serde::Deserialize;

use crate::app::App;
use crate::config::Merchant;
use crate::http::reply::{self, Failure};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MerchantInfo {
    mid: String,
    query_param: String,
    payment_notification_url: String,
}

/// The checksum covers the whole text and comes in the header `x-checksum`.
pub(crate) async fn put(
    State(app): State<App>,
    headers: HeaderMap,
    request: Bytes,
) -> Result<Response, Failure> {
    let refused =
        |text: &'static str| Ok((StatusCode::BAD_REQUEST, reply_text(false, text)).into_response());
    let Ok(text) = std::str::from_utf8(&request) else { return refused("not UTF-8") };
    let Ok(info) = serde_json::from_str::<MerchantInfo>(text) else {
        return refused("mid, queryParam and paymentNotificationUrl are needed");
    };
    let Some(merchant) = app.merchant(&info.mid) else { return refused("unknown mid") };
    let checksum = headers.get("x-checksum").and_then(|value| value.to_str().ok());
    if !checksum.is_some_and(|checksum| checksum::verify(text, &merchant.key, checksum)) {
        return refused("x-checksum is not valid");
    }
    if info.query_param != "notificationUrls" {
        return refused("queryParam is not notificationUrls");
    }
    let notification_url = Some(info.payment_notification_url);
    app.save_merchant(Merchant { notification_url, ..(*merchant).clone() }).await?;
    Ok(reply_text(true, "saved").into_response())
}

fn reply_text(success: bool, message: &str) -> Response {
    reply::json(format!(r#"{{"success":{success},"message":"{message}"}}"#))
}
