//! Where requests may go. A merchant chooses the address its callbacks are sent to, so it could
//! choose one inside the operator's network; only the addresses everybody can reach are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use app::ports::{HttpError, Peer};
use hyper::Uri;
use hyper::header::HeaderValue;
use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Position, Url};

/// What one kind of peer may be reached at.
pub(super) struct Rules {
    pub(super) peer: Peer,
    /// Merchants at private addresses: for demonstrations and tests.
    pub(super) allow_private: bool,
    /// Without TLS: for demonstrations and tests.
    pub(super) allow_http: bool,
    /// The addresses this program listens on, which a firewall may hide from the world but not
    /// from us.
    pub(super) own: Vec<SocketAddr>,
}

/// A server that connections can be opened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) https: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
}

/// A URL taken apart.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) origin: Origin,
    /// What the `Host` header says: the host, with the port when it isn't the scheme's own.
    pub(super) authority: HeaderValue,
    /// Path and query.
    pub(super) path: Uri,
}

impl Rules {
    /// Takes a URL apart, if it may be used at all.
    pub(super) fn target(&self, url: &str) -> Result<Target, HttpError> {
        let refuse = |why: &str| HttpError::NotSent(why.to_owned());
        // The parser repairs what browsers repair: it drops line ends and turns `\` into `/`.
        // What needs repair is refused instead, for others may read it differently.
        if url.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(refuse("the URL has characters that must be encoded"));
        }
        let url = Url::parse(url).map_err(|error| refuse(&format!("not a URL: {error}")))?;
        let https = match url.scheme() {
            "https" => true,
            "http" if self.allow_http => false,
            _ => return Err(refuse("the URL must be https")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("the URL must not contain a user name"));
        }
        if url.fragment().is_some() {
            return Err(refuse("the URL must not contain a fragment"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(refuse("the URL has no host"));
        };
        if !self.may_use(port) {
            return Err(refuse("the URL's port must be 443, 8443 or above 1023"));
        }
        let authority = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])
            .map_err(|_error| refuse("the URL's host is not valid"))?;
        let path = Uri::try_from(&url[Position::BeforePath..Position::AfterQuery])
            .map_err(|_error| refuse("the URL's path is not valid"))?;
        Ok(Target { origin: Origin { https, host: host.to_owned(), port }, authority, path })
    }

    fn may_use(&self, port: u16) -> bool {
        match self.peer {
            Peer::Provider => true,
            Peer::Merchant => match port {
                443 | 1024.. => true,
                80 => self.allow_http,
                _ => false,
            },
        }
    }

    /// Whether a connection to `address` may be opened.
    pub(super) fn may_reach(&self, address: SocketAddr) -> bool {
        match self.peer {
            Peer::Provider => true,
            Peer::Merchant => {
                self.allow_private || (is_public(address.ip()) && !self.own.contains(&address))
            }
        }
    }
}

/// Whether an address belongs to the public Internet, by the special-purpose registries of IANA.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|net| net.contains(&v6))
        }
    }
}

const SPECIAL_V4: [Ipv4Net; 20] = [
    v4([0, 0, 0, 0], 8),          // this network
    v4([10, 0, 0, 0], 8),         // private
    v4([100, 64, 0, 0], 10),      // carrier-grade NAT; some clouds' metadata
    v4([127, 0, 0, 0], 8),        // loopback
    v4([168, 63, 129, 16], 32),   // Azure's host, at a public address
    v4([169, 254, 0, 0], 16),     // link-local, most clouds' metadata
    v4([172, 16, 0, 0], 12),      // private
    v4([192, 0, 0, 0], 24),       // protocol assignments
    v4([192, 0, 2, 0], 24),       // documentation
    v4([192, 31, 196, 0], 24),    // AS112
    v4([192, 52, 193, 0], 24),    // AMT
    v4([192, 88, 99, 0], 24),     // 6to4 relays
    v4([192, 168, 0, 0], 16),     // private
    v4([192, 175, 48, 0], 24),    // AS112
    v4([198, 18, 0, 0], 15),      // benchmarks
    v4([198, 51, 100, 0], 24),    // documentation
    v4([203, 0, 113, 0], 24),     // documentation
    v4([224, 0, 0, 0], 4),        // multicast
    v4([240, 0, 0, 0], 4),        // reserved
    v4([255, 255, 255, 255], 32), // broadcast
];

/// All of IPv6 that is routed between networks. Loopback, link-local, unique local, multicast,
/// NAT64, discard, segment routing and IPv4-compatible addresses are outside.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

const SPECIAL_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),         // protocol assignments, Teredo among them
    v6([0x2001, 0xdb8, 0], 32),     // documentation
    v6([0x2002, 0, 0], 16),         // 6to4: an IPv4 address, perhaps private, inside
    v6([0x2620, 0x4f, 0x8000], 48), // AS112
    v6([0x3fff, 0, 0], 20),         // documentation
];

const fn v4(address: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// A network by the first segments of its address; the others are zero.
const fn v6(segments: [u16; 3], prefix: u8) -> Ipv6Net {
    let [first, second, third] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0), prefix)
}
