//! The two ends of a test: a Gate that records what it gets, and the shop, both on real sockets.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use ureq::http::HeaderMap;

pub(crate) const SECRET: &str = "secret";

const ACCEPTED: &str = r#"{"status":"success","request_id":"6b77b588-b1c85eda-00090267","project_id":200,"payment_id":"p-1"}"#;

type Requests = Arc<Mutex<Vec<(String, String)>>>;

/// A Gate that gives everybody the same answer.
pub(crate) struct Gate {
    url: String,
    requests: Requests,
    _runtime: Runtime,
}

/// A shop that is open until the test ends.
pub(crate) struct Shop {
    pub(crate) url: String,
    _runtime: Runtime,
}

/// What the shop answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Gate {
    pub(crate) fn accepting() -> Self {
        Self::answering(200, ACCEPTED)
    }

    pub(crate) fn answering(status: u16, body: &str) -> Self {
        let (listener, url) = listen();
        let runtime = Runtime::new().unwrap();
        let requests = Requests::default();
        let answer = (StatusCode::from_u16(status).unwrap(), body.to_owned());
        let recorded = Arc::clone(&requests);
        let router = Router::new().fallback(move |request: Request| async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            recorded.lock().unwrap().push((path, body));
            answer
        });
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { url, requests, _runtime: runtime }
    }

    /// One that closes every connection without a word.
    pub(crate) fn hanging_up() -> Self {
        let (listener, url) = listen();
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream);
            }
        });
        Self { url, requests: Requests::default(), _runtime: runtime }
    }

    /// Path and body of each request so far.
    pub(crate) fn received(&self) -> Vec<(String, String)> {
        self.requests.lock().unwrap().clone()
    }
}

impl Shop {
    pub(crate) fn open(gate: &Gate) -> Self {
        Self::start(gate, None)
    }

    pub(crate) fn open_with_page(gate: &Gate, page_url: &str) -> Self {
        Self::start(gate, Some(page_url.to_owned()))
    }

    fn start(gate: &Gate, page_url: Option<String>) -> Self {
        let (listener, url) = listen();
        let config = shop::Config {
            name: shop::NAME.to_owned(),
            public_url: url.clone(),
            project_id: 200,
            secret: SECRET.to_owned(),
            gate_url: gate.url.clone(),
            page_url,
        };
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move {
            shop::serve(listener, config, std::future::pending()).await.unwrap();
        });
        Self { url, _runtime: runtime }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.url))
    }

    /// Posts a form as a browser does.
    pub(crate) fn post(&self, path: &str, form: &str) -> Answer {
        let request = agent().post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        read(request.send(form).unwrap())
    }

    /// Posts a callback as the platform does; status and body of the answer.
    pub(crate) fn tell(&self, callback: &serde_json::Value) -> (u16, String) {
        let request = agent().post(format!("{}/callback", self.url));
        let request = request.header("content-type", "application/json");
        let answer = read(request.send(callback.to_string()).unwrap());
        (answer.status, answer.body)
    }

    /// The page of an order.
    pub(crate) fn order(&self, id: &str) -> String {
        let page = self.get(&format!("/orders/{id}"));
        assert_eq!(page.status, 200);
        page.body
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

pub(crate) fn get(url: &str) -> Answer {
    read(agent().get(url).call().unwrap())
}

/// A free port, already open: a connection made before the server runs waits in the queue.
fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.max_redirects_will_error(false).build().into()
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Answer {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.body_mut().read_to_string().unwrap() }
}
