//! Servers that hang, drip, flood, break off or send elsewhere.

use super::*;

fn assert_no_answer(result: &Result<HttpAnswer, HttpError>, text: &str) {
    match result {
        Err(HttpError::NoAnswer(why)) => assert!(why.contains(text), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn impatient(url: &str) -> HttpRequest {
    HttpRequest { timeout: SHORT, ..post(Peer::Merchant, url) }
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let silent = Server::start(|mut stream| hang(&mut stream));
    assert_no_answer(&send(OPEN, impatient(&silent.url())).await, "no answer in time");

    let half_head = Server::start(|mut stream| {
        request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").unwrap();
        hang(&mut stream);
    });
    assert_no_answer(&send(OPEN, impatient(&half_head.url())).await, "no answer in time");

    let half_body = Server::start(|mut stream| {
        request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").unwrap();
        hang(&mut stream);
    });
    assert_no_answer(&send(OPEN, impatient(&half_body.url())).await, "did not end in time");

    let reads_nothing = Server::start(|stream| {
        let _open = stream.peek(&mut [0]);
        thread::park_timeout(std::time::Duration::from_secs(30));
    });
    let request = HttpRequest { body: vec![0; 1 << 25], ..impatient(&reads_nothing.url()) };
    assert_no_answer(&send(OPEN, request).await, "no answer in time");
}

/// Leaving must close the connection, or a hostile server would collect them.
#[tokio::test]
async fn a_connection_that_is_left_is_closed() {
    let (closed, was_closed) = std::sync::mpsc::channel();
    let server = Server::start(move |mut stream| {
        hang(&mut stream);
        closed.send(()).unwrap();
    });
    let client = HttpClient::new(OPEN, &[]);
    client.send(impatient(&server.url())).await.unwrap_err();
    let patience = std::time::Duration::from_secs(30);
    tokio::task::spawn_blocking(move || was_closed.recv_timeout(patience)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_drips_is_left() {
    fn drip(mut stream: TcpStream, head: &str, drop: &[u8]) {
        request(&mut stream).unwrap();
        let mut sent = stream.write_all(head.as_bytes());
        while sent.is_ok() {
            thread::sleep(std::time::Duration::from_millis(5));
            sent = stream.write_all(drop);
        }
    }
    let head = Server::start(|stream| drip(stream, "HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"));
    assert_no_answer(&send(OPEN, impatient(&head.url())).await, "");
    let body = Server::start(|stream| {
        drip(stream, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"a");
    });
    assert_no_answer(&send(OPEN, impatient(&body.url())).await, "did not end in time");
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let forever = Server::start(move |stream| drip(stream, interim, interim.as_bytes()));
    assert_no_answer(&send(OPEN, impatient(&forever.url())).await, "no answer in time");
}

#[tokio::test]
async fn what_is_too_long_is_cut_off_or_refused() {
    for framing in ["Content-Length: 1000000\r\n\r\n", "Connection: close\r\n\r\n"] {
        let server = Server::start(move |mut stream| {
            request(&mut stream).unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\n{framing}{}", "a".repeat(1_000_000));
            let _cut_off = stream.write_all(answer.as_bytes());
        });
        let merchant = send(OPEN, post(Peer::Merchant, &server.url())).await;
        assert_eq!(merchant, answered(200, &"a".repeat(1024)));
        let provider = send(OPEN, post(Peer::Provider, &server.url())).await;
        assert_no_answer(&provider, "answer too large");
    }
}

#[tokio::test]
async fn the_bound_of_an_answer_is_exact() {
    for peer in [Peer::Provider, Peer::Merchant] {
        let server = Server::answering(ok(&"a".repeat(1024)));
        let fits = send(OPEN, post(peer, &server.url())).await;
        assert_eq!(fits, answered(200, &"a".repeat(1024)));
    }
    let server = Server::answering(ok(&"a".repeat(1025)));
    let over = send(OPEN, post(Peer::Provider, &server.url())).await;
    assert_no_answer(&over, "answer too large");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = Server::start(|mut stream| {
        request(&mut stream).unwrap();
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
        while sent.is_ok() {
            sent = stream.write_all(&[b'a'; 1024]);
        }
    });
    assert_no_answer(&send(OPEN, post(Peer::Merchant, &server.url())).await, "");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let canary = Server::answering(ok("reached"));
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {}\r\n", canary.url());
        let server = Server::answering(format!("{head}Content-Length: 0\r\n\r\n"));
        let answer = send(OPEN, post(Peer::Merchant, &server.url())).await;
        assert_eq!(answer, answered(status, ""));
    }
    assert_eq!(canary.accepted(), 0);
}

#[tokio::test]
async fn a_broken_answer_is_no_answer() {
    let table = [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0\0\0\0\0",
    ];
    for answer in table {
        let server = Server::start(move |mut stream| {
            request(&mut stream).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        for peer in [Peer::Provider, Peer::Merchant] {
            assert_no_answer(&send(OPEN, post(peer, &server.url())).await, "");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_no_more_after_its_answer_has_answered() {
    let server = Server::start(|mut stream| {
        request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nto the end").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        hang(&mut stream);
    });
    let answer = send(OPEN, post(Peer::Merchant, &server.url())).await;
    assert_eq!(answer, answered(200, "to the end"));
}

#[tokio::test]
async fn a_server_that_is_not_there_was_sent_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for peer in [Peer::Provider, Peer::Merchant] {
        let error = send(OPEN, post(peer, &format!("http://{gone}/"))).await.unwrap_err();
        assert_eq!(error, HttpError::NotSent("the server cannot be reached".to_owned()));
    }
    // TLS belongs to connecting: nothing of the request has left.
    let silent = Server::start(|mut stream| hang(&mut stream));
    let mut request = post(Peer::Provider, &format!("https://{}/", silent.address));
    request.connect_timeout = SHORT;
    let error = send(OPEN, request.clone()).await.unwrap_err();
    assert_eq!(error, HttpError::NotSent("no connection in time".to_owned()));
    (request.connect_timeout, request.timeout) = (LONG, SHORT);
    let error = send(OPEN, request).await.unwrap_err();
    assert_eq!(error, HttpError::NotSent("no connection in time".to_owned()));
}
