//! Connections used again, and the ones that died meanwhile.

use std::sync::{Barrier, mpsc};

use super::*;

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::answering(ok("again"));
    let client = HttpClient::new(OPEN, &[]);
    for _ in 0..5 {
        let answer = client.send(post(Peer::Provider, &server.url())).await;
        assert_eq!(answer, answered(200, "again"));
    }
    assert_eq!(server.accepted(), 1);
    let answer = client.send(post(Peer::Merchant, &server.url())).await;
    assert_eq!(answer, answered(200, "again"));
    assert_eq!(server.accepted(), 2, "merchants and the provider share nothing");
}

#[tokio::test]
async fn requests_at_once_have_a_connection_each() {
    let all_are_here = Barrier::new(8);
    let server = Server::start(move |mut stream| {
        request(&mut stream).unwrap();
        all_are_here.wait();
        stream.write_all(ok("each").as_bytes()).unwrap();
    });
    let client = HttpClient::new(OPEN, &[]);
    let sending: Vec<_> =
        (0..8).map(|_| tokio::spawn(client.send(post(Peer::Provider, &server.url())))).collect();
    for sent in sending {
        assert_eq!(sent.await.unwrap(), answered(200, "each"));
    }
    assert_eq!(server.accepted(), 8);
}

#[tokio::test]
async fn an_answer_cut_off_ends_its_connection() {
    let server = Server::answering(ok(&"a".repeat(100_000)));
    let client = HttpClient::new(OPEN, &[]);
    for _ in 0..3 {
        let answer = client.send(post(Peer::Merchant, &server.url())).await;
        assert_eq!(answer, answered(200, &"a".repeat(1024)));
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let server = Server::start(|mut stream| {
        request(&mut stream).unwrap();
        stream.write_all(ok("once").as_bytes()).unwrap();
    });
    let client = HttpClient::new(OPEN, &[]);
    let pool = &client.provider;
    let origin = pool.rules.target(&server.url()).unwrap().origin;
    for _ in 0..3 {
        let answer = client.send(post(Peer::Provider, &server.url())).await;
        assert_eq!(answer, answered(200, "once"));
        // Until the closing has been noticed, the connection counts as usable.
        while let Some(connection) = pool.take(&origin) {
            pool.keep(origin.clone(), connection);
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(server.accepted(), 3);
}

/// The request was read, so it may have been acted upon: sending it again could pay twice.
#[tokio::test]
async fn a_request_that_was_read_is_never_sent_again() {
    let (read, requests) = mpsc::channel();
    let server = Server::start(move |mut stream| {
        for answer in [Some(ok("first")), None] {
            request(&mut stream).unwrap();
            read.send(()).unwrap();
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    let client = HttpClient::new(OPEN, &[]);
    let first = client.send(post(Peer::Provider, &server.url())).await;
    assert_eq!(first, answered(200, "first"));
    let second = client.send(post(Peer::Provider, &server.url())).await;
    assert!(matches!(second, Err(HttpError::NoAnswer(_))), "{second:?}");
    assert_eq!(requests.try_iter().count(), 2);
    assert_eq!(server.accepted(), 1);
}
