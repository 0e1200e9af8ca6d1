//! A kept connection that posts one request after another. HTTP/1.1 as far as our own servers
//! speak it and no further: the generator shares the machine with what it measures, so that every
//! microsecond it takes is one that the platform has not.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer's head and body have to fit; the longest are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The only status that counts as done.
const OK: &[u8] = b"HTTP/1.1 200";

/// A connection to one server.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and returns the whole answer, head and body, if it is a 200.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        while Message::find(&self.answer).is_none() {
            let read = self.stream.read_buf(&mut self.answer).await?;
            if read == 0 || self.answer.len() > ANSWER_BYTES_MAX {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if self.answer.starts_with(OK) {
            return Ok(&self.answer);
        }
        Err(io::Error::other(String::from_utf8_lossy(&self.answer).into_owned()))
    }
}

/// A request with its head.
pub(super) fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    request.into_bytes()
}

/// A request without a body.
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// Where the first message in a buffer has its body, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) body: usize,
    pub(super) end: usize,
}

impl Message {
    /// Finds a message, if all of it is there. Its head has to tell its length.
    pub(super) fn find(bytes: &[u8]) -> Option<Self> {
        let body = bytes.windows(4).position(|window| window == b"\r\n\r\n")?.checked_add(4)?;
        let head = std::str::from_utf8(bytes.get(..body)?).ok()?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
        });
        let end = body.checked_add(length?.ok()?)?;
        (bytes.len() >= end).then_some(Self { body, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_when_it_is_whole() {
        let request = post("/x", "{\"a\":1}");
        for end in 0..request.len() {
            assert_eq!(Message::find(&request[..end]), None);
        }
        let two = [request.as_slice(), request.as_slice()].concat();
        let first = Message::find(&two).unwrap();
        assert_eq!(&two[first.body..first.end], b"{\"a\":1}");
        assert_eq!(first.end, request.len());
        assert_eq!(Message::find(b"HTTP/1.1 200 OK\r\n\r\n"), None, "no length, no end");
    }
}
