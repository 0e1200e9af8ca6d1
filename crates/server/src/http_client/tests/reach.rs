//! What a merchant's address must not reach. The canary is a server on loopback: under the rules
//! for merchants it must see no connection, under the rules of a demonstration it sees those that
//! are spelled for it.

use std::net::IpAddr;

use super::*;
use crate::http_client::address::{Rules, Target};

/// Spellings of loopback that the system or the parser understand; `{port}` is the canary's.
const LOOPBACK: [&str; 27] = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}",
    "HTTP://127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0X7F000001:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.0.0.01:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.0.0.0x1:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127%2E0%2E0%2E1:{port}/",
    "http://１２７.０.０.１:{port}/",
    "http://127。0。0。1:{port}/",
    "http://①②⑦.0.0.1:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:1]:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/?a=http://8.8.8.8/",
];

/// Refused before anything is resolved, for merchant and provider alike.
const REFUSED: [&str; 40] = [
    "",
    "http",
    "http:",
    "http://",
    "http://:{port}/",
    "//127.0.0.1:{port}/",
    "/callback",
    "callback",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_POST",
    "data:text/plain,a",
    "javascript:alert(1)",
    "unix:///run/dwar.sock",
    "ws://127.0.0.1:{port}/",
    "blob:http://127.0.0.1:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://user:password@127.0.0.1:{port}/",
    "http://:password@127.0.0.1:{port}/",
    "http://8.8.8.8@127.0.0.1:{port}/",
    "http://8.8.8.8%20@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/#fragment",
    "http://127.0.0.1:{port}#@8.8.8.8/",
    "http://127.0.0.1:{port}\\@8.8.8.8/",
    "http:\\\\127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/\r\nX-Header: 1",
    "http://127.0.0.1:{port}/\nX-Header: 1",
    "http://127.0.0.1\t:{port}/",
    "ht\ntp://127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/ HTTP/1.1",
    "http://127.0.0.1:{port}/\u{0}",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://127.0.0.1\u{a0}:{port}/",
    "http://127.0.0.1:{port}0000/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.256:{port}/",
    "http://127.0.0.1.1:{port}/",
    "http://[::1:{port}/",
    "http://[fe80::1%25eth0]:{port}/",
];

/// Ports a merchant's address can't have, though the address is public.
const PORTS: [u16; 14] = [1, 21, 22, 23, 25, 53, 110, 143, 389, 445, 465, 587, 993, 1023];

/// Addresses that are not public, by the first and last of each range.
const SPECIAL: [&str; 98] = [
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "172.16.0.0",
    "172.17.0.1",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.31.196.0",
    "192.31.196.255",
    "192.52.193.0",
    "192.52.193.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.1.1",
    "192.168.255.255",
    "192.175.48.0",
    "192.175.48.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "224.0.0.251",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:172.16.0.1",
    "::ffff:192.168.0.1",
    "::ffff:100.64.0.1",
    "::ffff:255.255.255.255",
    "::ffff:0:127.0.0.1",
    "64:ff9b::",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "100::",
    "100::ffff:ffff:ffff:ffff",
    "100:0:0:1::1",
    "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001::",
    "2001::7f00:1",
    "2001:0:0:1::1",
    "2001:1::1",
    "2001:2::1",
    "2001:3::1",
    "2001:4:112::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "4000::",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::1",
    "ff02::1",
];

/// Addresses that are public, many of them beside a range that is not.
const PUBLIC: [&str; 43] = [
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2400:cb00::1",
    "2606:4700:4700::1111",
    "3ffe:ffff::1",
    "3fff:1000::1",
];

const DEFAULT: Egress = Egress { allow_private: false, allow_http: false };
const PLAIN: Egress = Egress { allow_private: false, allow_http: true };

fn rules(peer: Peer, egress: Egress) -> Rules {
    Rules {
        peer,
        allow_private: egress.allow_private,
        allow_http: egress.allow_http,
        own: vec!["8.8.4.4:8080".parse().unwrap()],
    }
}

fn target(egress: Egress, url: &str) -> Result<Target, HttpError> {
    rules(Peer::Merchant, egress).target(url)
}

#[tokio::test]
async fn no_spelling_of_loopback_reaches_it() {
    let canary = Server::answering(ok("reached"));
    let port = canary.address.port().to_string();
    for url in LOOPBACK {
        let url = url.replace("{port}", &port);
        for (egress, url) in
            [(PLAIN, url.clone()), (DEFAULT, url.to_lowercase().replace("http:", "https:"))]
        {
            let error = send(egress, post(Peer::Merchant, &url)).await.unwrap_err();
            let unreachable = HttpError::NotSent("the server cannot be reached".to_owned());
            assert_eq!(error, unreachable, "{url}");
        }
    }
    assert_eq!(canary.accepted(), 0);

    // The spellings are right: where private addresses are allowed, each one gets there.
    for url in LOOPBACK {
        let url = url.replace("{port}", &port);
        assert_eq!(send(OPEN, post(Peer::Merchant, &url)).await, answered(200, "reached"), "{url}");
    }
    assert_eq!(canary.accepted(), LOOPBACK.len());
}

#[tokio::test]
async fn no_special_address_is_reached_by_a_literal() {
    for address in SPECIAL {
        let ip: IpAddr = address.parse().unwrap();
        let url = format!("https://{}/", SocketAddr::new(ip, 8443));
        let error = send(DEFAULT, post(Peer::Merchant, &url)).await.unwrap_err();
        assert_eq!(error, HttpError::NotSent("the server cannot be reached".to_owned()), "{url}");
    }
}

#[tokio::test]
async fn what_is_not_a_plain_url_is_refused() {
    let canary = Server::answering(ok("reached"));
    for url in REFUSED {
        let url = url.replace("{port}", &canary.address.port().to_string());
        for peer in [Peer::Provider, Peer::Merchant] {
            let error = rules(peer, OPEN).target(&url).unwrap_err();
            assert_eq!(send(OPEN, post(peer, &url)).await, Err(error), "{url:?}");
        }
    }
    assert_eq!(canary.accepted(), 0);
}

#[test]
fn public_and_special_addresses_are_told_apart() {
    let merchant = rules(Peer::Merchant, DEFAULT);
    let demonstration = rules(Peer::Merchant, OPEN);
    let provider = rules(Peer::Provider, DEFAULT);
    for (addresses, public) in [(&SPECIAL[..], false), (&PUBLIC[..], true)] {
        for address in addresses {
            let socket = SocketAddr::new(address.parse().unwrap(), 443);
            assert_eq!(merchant.may_reach(socket), public, "{address}");
            assert!(demonstration.may_reach(socket) && provider.may_reach(socket));
        }
    }
}

#[test]
fn our_own_listeners_are_not_reached() {
    let merchant = rules(Peer::Merchant, DEFAULT);
    assert!(!merchant.may_reach("8.8.4.4:8080".parse().unwrap()));
    assert!(merchant.may_reach("8.8.4.4:8081".parse().unwrap()));
}

#[test]
fn a_merchant_has_few_ports() {
    for port in PORTS {
        target(OPEN, &format!("https://merchant.example:{port}/")).unwrap_err();
        let provider = rules(Peer::Provider, DEFAULT);
        provider.target(&format!("https://provider.example:{port}/")).unwrap();
    }
    for port in [443, 1024, 8080, 8443, 65535] {
        let target = target(DEFAULT, &format!("https://merchant.example:{port}/")).unwrap();
        assert_eq!(target.origin.port, port);
    }
    target(DEFAULT, "https://merchant.example:80/").unwrap_err();
    target(PLAIN, "http://merchant.example/").unwrap();
}

#[test]
fn a_url_is_taken_apart() {
    let table = [
        ("https://merchant.example", "merchant.example", "/"),
        ("https://Merchant.Example:443/a?b=c", "merchant.example", "/a?b=c"),
        ("https://merchant.example:8443?b", "merchant.example:8443", "/?b"),
        (
            "https://магазин.рф/оплата",
            "xn--80aairftm.xn--p1ai",
            "/%D0%BE%D0%BF%D0%BB%D0%B0%D1%82%D0%B0",
        ),
        ("https://[2606:4700::1]/a/../b", "[2606:4700::1]", "/b"),
        ("https://merchant.example/{a}|\"b\"", "merchant.example", "/%7Ba%7D|%22b%22"),
    ];
    for (url, authority, path) in table {
        let target = target(DEFAULT, url).unwrap();
        assert!(target.origin.https);
        assert_eq!(target.authority, authority, "{url}");
        assert_eq!(target.path.path_and_query().unwrap().as_str(), path, "{url}");
    }
    let error = target(DEFAULT, "http://merchant.example/").unwrap_err();
    assert_eq!(error, HttpError::NotSent("the URL must be https".to_owned()));
}
