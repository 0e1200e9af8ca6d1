//! TLS by name. The certificates are made for these tests: an authority, and a server called
//! `localhost`.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const STRICT: Egress = Egress { allow_private: true, allow_http: false };

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn server() -> Server {
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key.pem")).unwrap();
    let chain = vec![certificate(include_str!("server.pem"))];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    Server::start(move |stream| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(tls, stream);
        while let Some((_head, body)) = request(&mut stream) {
            stream.write_all(ok(&body).as_bytes()).unwrap();
        }
    })
}

fn trusting_the_authority() -> HttpClient {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(include_str!("authority.pem"))).unwrap();
    HttpClient::trusting(roots, STRICT, &[])
}

fn assert_not_sent(result: Result<HttpAnswer, HttpError>, text: &str) {
    match result {
        Err(HttpError::NotSent(why)) => assert!(why.contains(text), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_with_a_good_certificate_is_spoken_to() {
    let server = server();
    let client = trusting_the_authority();
    let url = format!("https://localhost:{}/", server.address.port());
    for peer in [Peer::Provider, Peer::Provider, Peer::Merchant] {
        assert_eq!(client.send(post(peer, &url)).await, answered(200, "{}"));
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_server_with_another_name_or_authority_is_not() {
    let server = server();
    let other_name = format!("https://{}/", server.address);
    let result = trusting_the_authority().send(post(Peer::Provider, &other_name)).await;
    assert_not_sent(result, "TLS: invalid peer certificate");
    let same_name = format!("https://localhost:{}/", server.address.port());
    let result = send(STRICT, post(Peer::Provider, &same_name)).await;
    assert_not_sent(result, "TLS: invalid peer certificate: UnknownIssuer");
}

#[tokio::test]
async fn a_server_without_tls_is_not() {
    let server = Server::start(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        hang(&mut stream);
    });
    let url = format!("https://localhost:{}/", server.address.port());
    assert_not_sent(send(STRICT, post(Peer::Provider, &url)).await, "TLS: ");
    assert_not_sent(send(STRICT, post(Peer::Provider, &server.url())).await, "must be https");
}
