//! The customer, played: pays at the sandbox and comes back as a browser would.

use anyhow::{Context as _, bail};
use app::ports::{Http as _, HttpRequest, Peer};
use domain::id::ProviderReference;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use super::{ANSWER_BYTES_MAX, TIMEOUT, post};
use crate::http_client::HttpClient;

/// A customer with a browser.
pub(super) struct Customer {
    pub(super) http: HttpClient,
    /// The sandbox's scheme and host.
    pub(super) sandbox: String,
}

/// What the sandbox says of an attempt to pay.
#[derive(Debug, Deserialize)]
struct Paid {
    state: String,
    code: String,
    callback_url: String,
    callback: Vec<(String, String)>,
}

impl Customer {
    /// Pays, and comes back. Returns what happened, for people.
    pub(super) async fn pay(&self, order: &ProviderReference) -> anyhow::Result<String> {
        let json_type = vec![("content-type".to_owned(), "application/json".to_owned())];
        let wish = json!({"order_id": order.0, "outcome": "success"}).to_string();
        let url = format!("{}/sandbox/admin/pay", self.sandbox);
        let (status, answer): (u16, serde_json::Value) =
            post(&self.http, url, json_type, wish.into()).await?;
        if status != 200 {
            bail!("the sandbox answered {status}: {answer}");
        }
        let paid: Paid = serde_json::from_value(answer).context("an answer of the sandbox")?;
        let back = self.come_back(&paid).await;
        Ok(format!("the customer pays: {} ({}), and {back}", paid.state, paid.code))
    }

    /// Posts to the return address what the browser carries there.
    async fn come_back(&self, paid: &Paid) -> String {
        let form =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&paid.callback).finish();
        let request = HttpRequest {
            url: paid.callback_url.clone(),
            peer: Peer::Provider,
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            )],
            body: form.into(),
            connect_timeout: TIMEOUT,
            timeout: TIMEOUT,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        match self.http.send(request).await {
            Ok(answer) => format!("comes back to the platform ({})", answer.status),
            Err(error) => format!("can't come back to the platform: {error}"),
        }
    }
}
