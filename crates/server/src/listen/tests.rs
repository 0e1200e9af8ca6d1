//! Real clients over loopback: old, slow, greedy, and cut off by a stop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use tokio::sync::{mpsc, oneshot};

use super::*;

/// Longer than any test takes: what waits for it has failed.
const FOREVER: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);
const PATIENT: Bounds =
    Bounds { head: FOREVER, exchange: FOREVER, connections_max: 100, drain: FOREVER };

/// A server of one test. It stops when it is dropped.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start(bounds: Bounds, router: Router) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let stopped = async { drop(stopped.await) };
            runtime.unwrap().block_on(serve(listener, router, bounds, stopped)).unwrap();
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(FOREVER)).unwrap();
        stream
    }

    /// Sends `request` and reads until the server closes.
    fn answer_to(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        rest_of(&mut stream)
    }

    fn stop(&mut self) {
        drop(self.stop.take());
    }

    fn join(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn rest_of(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    // A reset is a way to be cut off, too.
    let _end = stream.read_to_string(&mut text);
    text
}

fn hello() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/length", post(|body: String| async move { body.len().to_string() }))
}

#[test]
fn an_http_1_0_client_is_answered_and_closed() {
    let server = Server::start(PATIENT, hello());
    for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"] {
        let answer = server.answer_to(request);
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    }
}

#[test]
fn a_connection_is_used_again_and_handlers_know_its_peer() {
    let server = Server::start(PATIENT, hello());
    let mut stream = server.connect();
    let peer = stream.local_addr().unwrap().to_string();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0);
    }
    let mut hello = [0; 5];
    reader.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"hello");
    stream.write_all(b"GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with(&format!("\r\n\r\n{peer}")), "{answer}");
}

#[test]
fn slow_heads_slow_bodies_and_idle_connections_are_cut() {
    let head = Server::start(Bounds { head: SHORT, ..PATIENT }, hello());
    assert_eq!(head.answer_to(""), "");
    assert!(!head.answer_to("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").contains("200 OK"));
    let idle = head.answer_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(idle.starts_with("HTTP/1.1 200 OK\r\n") && idle.ends_with("hello"), "{idle}");

    let body = Server::start(Bounds { exchange: SHORT, ..PATIENT }, hello());
    let answer =
        body.answer_to("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[test]
fn heads_have_a_size() {
    let server = Server::start(PATIENT, hello());
    let request = |bytes: usize| {
        let padding = "a".repeat(bytes);
        format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: {padding}\r\n\r\n")
    };
    let fits = server.answer_to(&request(16 * 1024));
    assert!(fits.starts_with("HTTP/1.1 200 OK\r\n"), "{fits}");
    let greedy = server.answer_to(&request(64 * 1024));
    assert!(!greedy.contains("200 OK"), "{greedy}");
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: 1\r\n".repeat(200));
    let many = server.answer_to(&many);
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
}

#[test]
fn both_framings_in_one_request_are_refused_or_closed() {
    let server = Server::start(PATIENT, hello());
    let answer = server.answer_to(
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\
         \r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert!(!answer.contains("hello"), "{answer}");
}

#[test]
fn connections_beyond_the_cap_wait_for_a_free_place() {
    let server = Server::start(Bounds { connections_max: 1, ..PATIENT }, hello());
    let mut first = server.connect();
    let mut ask_first = || {
        first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello") {
            let mut byte = [0];
            first.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
    };
    ask_first();
    let mut second = server.connect();
    second.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    // The server has had every chance to see the second while it served the first.
    (0..10).for_each(|_| ask_first());
    second.set_nonblocking(true).unwrap();
    assert!(second.read(&mut [0]).is_err(), "answered while the only place is taken");
    second.set_nonblocking(false).unwrap();
    drop(first);
    assert!(rest_of(&mut second).ends_with("hello"));
}

/// A router whose requests tell when they have begun, and end when told.
fn held() -> (Router, mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
    let (begun, requests) = mpsc::unbounded_channel();
    let handler = move || async move {
        let (end, ended) = oneshot::channel();
        begun.send(end).unwrap();
        drop(ended.await);
        "held"
    };
    (Router::new().route("/", get(handler)), requests)
}

#[test]
fn a_stop_lets_requests_end_and_takes_no_more() {
    let (router, mut requests) = held();
    let mut server = Server::start(PATIENT, router);
    let mut stream = server.connect();
    let mut idle = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let end = requests.blocking_recv().unwrap();
    server.stop();
    assert_eq!(rest_of(&mut idle), "", "an idle connection is closed by the stop");
    assert!(TcpStream::connect(server.address).is_err(), "the socket is closed");
    end.send(()).unwrap();
    assert!(rest_of(&mut stream).ends_with("held"));
    server.join();
}

#[test]
fn a_stop_cuts_off_what_does_not_end() {
    let (router, mut requests) = held();
    let mut server = Server::start(Bounds { drain: SHORT, ..PATIENT }, router);
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let _never_ended = requests.blocking_recv().unwrap();
    server.join();
    assert_eq!(rest_of(&mut stream), "");
}
