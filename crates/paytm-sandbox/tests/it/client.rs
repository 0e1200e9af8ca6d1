//! A merchant and a browser for the tests: a running sandbox, signed calls, forms, and a server
//! that receives notifications.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use paytm::checksum;
use paytm_sandbox::{Config, Merchant};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

pub(crate) const MID: &str = "TESTMI00000000000001";
pub(crate) const KEY: &str = "AbCdEf0123456789";
pub(crate) const CALLBACK_URL: &str = "https://merchant.example/callback";

const SALT: [u8; 4] = *b"aB3d";

/// Far longer than anything takes; only a broken sandbox makes a test wait for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running sandbox, stopped when dropped.
pub(crate) struct Sandbox {
    pub(crate) address: SocketAddr,
    http: HttpClient<HttpConnector, Full<Bytes>>,
    _running: Option<oneshot::Sender<()>>,
}

pub(crate) fn config() -> Config {
    Config {
        merchants: vec![Merchant::new(MID, KEY)],
        slow_answer: Duration::from_millis(50),
        ..Config::default()
    }
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (running, stopped) = oneshot::channel();
        tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            paytm_sandbox::serve(listener, config, stopped).await.unwrap();
        });
        Self { _running: Some(running), ..Self::at(address) }
    }

    /// A sandbox that runs already.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self { address, http, _running: None }
    }

    /// A sandbox whose merchant receives notifications.
    pub(crate) async fn with_receiver(mut config: Config) -> (Self, Receiver) {
        let receiver = Receiver::start().await;
        config.merchants[0].notification_url = Some(receiver.url.clone());
        (Self::with(config).await, receiver)
    }

    /// `None` if the connection ended without an answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let response = self.http.request(request).await.ok()?;
        Some(Answer::read(response).await)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await.unwrap()
    }

    pub(crate) async fn post_json(&self, path: &str, body: &str) -> Option<Answer> {
        self.send(Method::POST, path, &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &headers, &body).await.unwrap()
    }

    /// A signed call.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> Option<Answer> {
        self.post_json(path, &signed(&body.to_string())).await
    }

    pub(crate) async fn initiate(&self, body: &Value) -> Option<Answer> {
        let (mid, order_id) = (body["mid"].as_str().unwrap(), body["orderId"].as_str().unwrap());
        let path = format!("/theia/api/v1/initiateTransaction?mid={mid}&orderId={order_id}");
        self.call(&path, body).await
    }

    /// Initiates an order; the token.
    pub(crate) async fn order(&self, order_id: &str) -> String {
        self.order_of(&order(order_id)).await
    }

    pub(crate) async fn order_of(&self, body: &Value) -> String {
        let answer = self.initiate(body).await.unwrap();
        assert_eq!(answer.code(), "0000", "{}", answer.text);
        answer.body()["txnToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_status(&self, order_id: &str) -> Option<Answer> {
        self.call("/v3/order/status", &json!({"mid": MID, "orderId": order_id})).await
    }

    pub(crate) async fn status(&self, order_id: &str) -> Answer {
        self.try_status(order_id).await.unwrap()
    }

    /// An order of `amount` that was paid; its TXNID.
    pub(crate) async fn paid(&self, order_id: &str, amount: &str) -> String {
        let mut body = order(order_id);
        body["txnAmount"]["value"] = amount.into();
        self.order_of(&body).await;
        self.pay(order_id, "success").await["txn_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_refund(&self, refund: &Value) -> Option<Answer> {
        self.call("/refund/apply", refund).await
    }

    pub(crate) async fn try_refund_status(&self, order_id: &str, ref_id: &str) -> Option<Answer> {
        let body = json!({"mid": MID, "orderId": order_id, "refId": ref_id});
        self.call("/v2/refund/status", &body).await
    }

    pub(crate) async fn refund_status(&self, order_id: &str, ref_id: &str) -> Answer {
        self.try_refund_status(order_id, ref_id).await.unwrap()
    }

    /// The customer acts without a browser.
    pub(crate) async fn pay(&self, order_id: &str, outcome: &str) -> Value {
        let command = json!({"order_id": order_id, "outcome": outcome});
        let answer = self.admin("/sandbox/admin/pay", &command).await;
        serde_json::from_str(&answer.text).unwrap()
    }

    pub(crate) async fn advance(&self, ms: u64) {
        self.admin("/sandbox/admin/clock/advance", &json!({"ms": ms})).await;
    }

    pub(crate) async fn choose_scenario(&self, order_id: &str, scenario: &str) {
        let command = json!({"order_id": order_id, "scenario": scenario});
        self.admin("/sandbox/admin/scenario", &command).await;
    }

    pub(crate) async fn admin(&self, path: &str, command: &Value) -> Answer {
        let answer = self.post_json(path, &command.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answer
    }

    pub(crate) async fn books(&self) -> Value {
        serde_json::from_str(&self.get("/sandbox/admin/books").await.text).unwrap()
    }

    /// Captured, refunded and pending paise of an order.
    pub(crate) async fn booked(&self, order_id: &str) -> [i64; 3] {
        let path = format!("/sandbox/admin/books?order_id={order_id}");
        let books: Value = serde_json::from_str(&self.get(&path).await.text).unwrap();
        let order = &books["orders"][0];
        ["captured_paise", "refunded_paise", "refund_pending_paise"]
            .map(|name| order[name].as_i64().unwrap())
    }

    pub(crate) async fn webhooks(&self, order_id: &str) -> Vec<Value> {
        let path = format!("/sandbox/admin/webhooks?order_id={order_id}");
        serde_json::from_str(&self.get(&path).await.text).unwrap()
    }
}

/// A message around a body's text, signed.
pub(crate) fn signed(body: &str) -> String {
    let signature = checksum::sign(body, KEY, SALT).unwrap();
    format!(r#"{{"head":{{"clientId":"C11","signature":"{signature}"}},"body":{body}}}"#)
}

/// An ordinary order of 100 rupees.
pub(crate) fn order(order_id: &str) -> Value {
    json!({
        "requestType": "Payment",
        "mid": MID,
        "websiteName": "WEBSTAGING",
        "orderId": order_id,
        "callbackUrl": CALLBACK_URL,
        "txnAmount": {"value": "100.00", "currency": "INR"},
        "userInfo": {"custId": "CUST_001"},
    })
}

pub(crate) fn refund(order_id: &str, txn_id: &str, ref_id: &str, amount: &str) -> Value {
    json!({
        "mid": MID,
        "txnType": "REFUND",
        "orderId": order_id,
        "txnId": txn_id,
        "refId": ref_id,
        "refundAmount": amount,
    })
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    async fn read(response: Response<hyper::body::Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = Body::new(body).collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Self { status: parts.status, headers: parts.headers, text }
    }

    /// The body of a JSON answer; null if it is none.
    pub(crate) fn body(&self) -> Value {
        let message: Value = serde_json::from_str(&self.text).unwrap_or_default();
        message["body"].clone()
    }

    pub(crate) fn code(&self) -> String {
        self.body()["resultInfo"]["resultCode"].as_str().unwrap_or("none").to_owned()
    }

    /// Whether the answer carries the merchant's checksum, and the right one.
    pub(crate) fn is_signed(&self) -> bool {
        let message: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let Some(signature) = message["head"]["signature"].as_str() else { return false };
        checksum::verify(checksum::body_slice(&self.text).unwrap(), KEY, signature)
    }

    /// The hidden fields of the form that posts to `action`.
    pub(crate) fn form(&self, action: &str) -> Vec<(String, String)> {
        let start = self.text.find(&format!("action=\"{action}\"")).unwrap();
        let form = &self.text[start..start + self.text[start..].find("</form>").unwrap()];
        form.split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|input| {
                let (name, rest) = input.split_once("\" value=\"").unwrap();
                let (value, _) = rest.split_once('"').unwrap();
                (name.to_owned(), unescaped(value))
            })
            .collect()
    }

    /// The form that goes back to the merchant, its checksum checked.
    pub(crate) fn callback(&self) -> BTreeMap<String, String> {
        let action = CALLBACK_URL.replace('/', "&#x2f;");
        let fields: BTreeMap<String, String> = self.form(&action).into_iter().collect();
        assert!(fields_verify(&fields), "{fields:?}");
        fields
    }
}

pub(crate) fn fields_verify(fields: &BTreeMap<String, String>) -> bool {
    let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    checksum::verify_params(pairs, KEY, &fields["CHECKSUMHASH"])
}

fn unescaped(text: &str) -> String {
    text.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

/// A merchant's server that takes notifications.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: mpsc::UnboundedReceiver<Received>,
    answers: mpsc::UnboundedSender<StatusCode>,
}

#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Received {
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.text.as_bytes()).into_owned().collect()
    }

    pub(crate) fn json(&self) -> Value {
        let message: Value = serde_json::from_str(&self.text).unwrap();
        let signature = message["head"]["signature"].as_str().unwrap();
        let body = checksum::body_slice(&self.text).unwrap();
        assert!(checksum::verify(body, KEY, signature), "{}", self.text);
        message["body"].clone()
    }
}

impl Receiver {
    async fn start() -> Self {
        type Shared = (
            mpsc::UnboundedSender<Received>,
            std::sync::Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<StatusCode>>>,
        );
        async fn take(
            State((sender, answers)): State<Shared>,
            headers: HeaderMap,
            text: String,
        ) -> StatusCode {
            let content_type = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
            // The test may be over.
            drop(sender.send(Received { content_type, text }));
            answers.lock().await.try_recv().unwrap_or(StatusCode::OK)
        }
        let (sender, received) = mpsc::unbounded_channel();
        let (answers, prepared) = mpsc::unbounded_channel();
        let prepared = std::sync::Arc::new(tokio::sync::Mutex::new(prepared));
        let router = Router::new().fallback(take).with_state((sender, prepared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, received, answers }
    }

    /// The next notification that comes gets this answer instead of 200.
    pub(crate) fn answer_next(&self, status: StatusCode) {
        self.answers.send(status).unwrap();
    }

    pub(crate) async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.received.recv()).await.unwrap().unwrap()
    }
}
