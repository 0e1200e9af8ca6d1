//! Against real servers on loopback: kind, dead and hostile ones, and addresses that must not be
//! reached at all.

mod hostile;
mod reach;
mod reuse;
mod tls;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

const LONG: Millis = Millis::seconds(30);
const SHORT: Millis = Millis(100);

const OPEN: Egress = Egress { allow_private: true, allow_http: true };

/// A server of one test: each connection gets a thread that plays the given part.
struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    fn start(part: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (count, part) = (Arc::clone(&accepted), Arc::new(part));
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let part = Arc::clone(&part);
                thread::spawn(move || part(stream.unwrap()));
            }
        });
        Self { address, accepted }
    }

    /// Answers every request with `answer`, until the client closes.
    fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |mut stream| {
            while request(&mut stream).is_some() {
                // The client may have had enough.
                let _sent = stream.write_all(answer.as_bytes());
            }
        })
    }

    fn url(&self) -> String {
        format!("http://{}/path?query=1", self.address)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Reads one request: its head and its body. Nothing once the client has closed.
fn request(stream: &mut (impl Read + ?Sized)) -> Option<(String, String)> {
    // One byte at a time, so that nothing of a next request is lost.
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Reads until the client closes, and says nothing.
fn hang(stream: &mut TcpStream) {
    let _end = std::io::copy(stream, &mut std::io::sink());
}

fn post(peer: Peer, url: &str) -> HttpRequest {
    HttpRequest {
        url: url.to_owned(),
        peer,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
        connect_timeout: LONG,
        timeout: LONG,
        answer_bytes_max: 1024,
    }
}

async fn send(egress: Egress, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    HttpClient::new(egress, &[]).send(request).await
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what `send` gives")]
fn answered(status: u16, body: &str) -> Result<HttpAnswer, HttpError> {
    Ok(HttpAnswer { status, body: body.into() })
}

#[tokio::test]
async fn a_request_is_sent_as_it_was_given() {
    let server = Server::start(|mut stream| {
        let (head, body) = request(&mut stream).unwrap();
        stream.write_all(ok(&format!("{head}{body}")).as_bytes()).unwrap();
    });
    for peer in [Peer::Provider, Peer::Merchant] {
        let answer = send(OPEN, post(peer, &server.url())).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(
            String::from_utf8(answer.body).unwrap(),
            format!(
                "POST /path?query=1 HTTP/1.1\r\nuser-agent: Dwar/0.1\r\n\
                 content-type: application/json\r\nhost: {}\r\ncontent-length: 2\r\n\r\n{{}}",
                server.address
            )
        );
    }
}

#[tokio::test]
async fn headers_that_would_break_the_message_are_refused() {
    let server = Server::answering(ok(""));
    for (name, value) in [("X-Name", "a\r\nX-Other: b"), ("X-Na me", "a"), ("X:", "a"), ("", "a")] {
        let mut request = post(Peer::Provider, &server.url());
        request.headers.push((name.to_owned(), value.to_owned()));
        let error = send(OPEN, request).await.unwrap_err();
        assert!(matches!(error, HttpError::NotSent(_)), "{error}");
    }
    assert_eq!(server.accepted(), 0);
}
