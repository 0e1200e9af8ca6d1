//! Addresses: where a customer may be sent, and where a customer comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;
use url::{Origin, Url};

/// Why a customer is not sent to an address.
pub(super) const RETURN_ADDRESS: &str = "an https address without user, backslash, space or control \
                                         character (http only in a test project)";

/// A merchant's address that customers may be sent to, as it goes into a header or a link: ASCII,
/// absolute, `https`, or `http` where `allow_http` says so. Browsers read backslashes, control
/// characters and `user@` in ways that hide the host, so none may occur.
pub(super) fn return_address(text: &str, allow_http: bool) -> Option<String> {
    let hides_the_host = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.contains(hides_the_host) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let scheme_fits = url.scheme() == "https" || (allow_http && url.scheme() == "http");
    let written_out = text.get(url.scheme().len()..)?.starts_with("://");
    let anonymous = url.username().is_empty() && url.password().is_none();
    let fits = scheme_fits && written_out && anonymous && url.has_host();
    fits.then(|| url.into())
}

/// The origin of an address as content security policies and browsers write it, or nothing unless
/// it is one of HTTP. A wildcard stands for many.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    if url.host_str()?.contains('*') {
        return None;
    }
    match url.origin() {
        origin @ Origin::Tuple(..) if matches!(url.scheme(), "http" | "https") => {
            Some(origin.ascii_serialization())
        }
        Origin::Tuple(..) | Origin::Opaque(_) => None,
    }
}

/// The customer's address: the connection's, or what trusted proxies say stands behind it. Read
/// from the right, the first address that is not a trusted proxy's own.
pub(super) fn customer_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut nearest = peer.to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").iter();
    let forwarded: Vec<&str> =
        forwarded.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    for hop in forwarded.iter().rev() {
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) if is_trusted(&nearest) => nearest = ip.to_canonical(),
            Ok(_) | Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merchants_addresses_are_taken_and_written_in_ascii() {
        for (text, sent) in [
            ("https://shop.example", "https://shop.example/"),
            (
                "https://shop.example/ok?order=1&x=%20#paid",
                "https://shop.example/ok?order=1&x=%20#paid",
            ),
            (
                "https://दुकान.example/ठीक",
                "https://xn--11b7ah1gn.example/%E0%A4%A0%E0%A5%80%E0%A4%95",
            ),
            ("HTTPS://Shop.Example:8443/", "https://shop.example:8443/"),
        ] {
            assert_eq!(return_address(text, false).as_deref(), Some(sent), "{text}");
        }
        assert_eq!(return_address("http://127.0.0.1:9/ok", false), None);
        assert!(return_address("http://127.0.0.1:9/ok", true).is_some());
    }

    #[test]
    fn an_origin_is_one_site() {
        for (text, written) in [
            ("https://Shop.example/cart?x", Some("https://shop.example")),
            ("http://shop.example:8080", Some("http://shop.example:8080")),
            ("https://*.shop.example", None),
            ("https://*", None),
            ("*", None),
            ("ftp://shop.example", None),
            ("data:text/html,x", None),
        ] {
            assert_eq!(origin(text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn forwarded_addresses_count_from_trusted_proxies_only() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6, 203.0.113.7".parse().unwrap());
        headers.append("x-forwarded-for", "10.1.1.1".parse().unwrap());
        assert_eq!(customer_ip(ip("10.0.0.1"), &headers, &trusted), ip("203.0.113.7"));
        assert_eq!(customer_ip(ip("198.51.100.1"), &headers, &trusted), ip("198.51.100.1"));
        assert_eq!(customer_ip(ip("10.0.0.1"), &HeaderMap::new(), &trusted), ip("10.0.0.1"));
        let broken =
            HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), "x".parse().unwrap())]);
        assert_eq!(customer_ip(ip("::ffff:10.0.0.1"), &broken, &trusted), ip("10.0.0.1"));
    }
}
