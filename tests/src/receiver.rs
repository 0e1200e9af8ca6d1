//! A merchant's callback address: records every request it gets, and answers as it is told.

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wait;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line, like `POST /callback HTTP/1.1`.
    pub request_line: String,
    /// Names in lower case, and values, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Received {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// How the receiver answers one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// With this status and an empty body.
    Status(u16),
    /// Not at all: it reads the request and closes the connection.
    HangUp,
}

#[derive(Debug, Default)]
struct State {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
}

/// A listening callback address. It answers 200 unless told otherwise.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Listens on a free port of this machine, until the test's process ends.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A sender that breaks off in the middle is the sender's affair.
                let _ = serve(&stream, &shared);
            }
        });
        Ok(Self { address, state })
    }

    /// The address to give to the platform; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests with these, one each, and with 200 again after them.
    pub fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state).replies.extend(replies);
    }

    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state).received.clone()
    }

    /// Waits until at least `count` requests have come, and returns all there are.
    ///
    /// # Errors
    /// When they do not come before the deadline.
    pub fn wait_for(&self, count: usize) -> Result<Vec<Received>> {
        wait::until(&format!("{count} callbacks"), || {
            Some(self.received()).filter(|received| received.len() >= count)
        })
    }
}

/// Reads one request, which must have a `Content-Length` if it has a body, and answers it.
fn serve(mut stream: &TcpStream, state: &Mutex<State>) -> Result<()> {
    stream.set_read_timeout(Some(wait::DEADLINE))?;
    let mut reader = BufReader::new(stream);
    let mut request_line = String::new();
    reader.read_line(&mut request_line)?;
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse()?;
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;

    let request_line = request_line.trim_end().to_owned();
    let received = Received { request_line, headers, body: String::from_utf8(body)? };
    let reply = {
        let mut state = lock(state);
        state.received.push(received);
        state.replies.pop_front().unwrap_or(Reply::Status(200))
    };
    if let Reply::Status(status) = reply {
        let end = "content-length: 0\r\nconnection: close\r\n\r\n";
        write!(stream, "HTTP/1.1 {status} Told\r\n{end}")?;
    }
    Ok(())
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
