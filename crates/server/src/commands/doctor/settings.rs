//! The configuration: what can't work, and what would open too much.

use std::net::SocketAddr;

use url::{Host, Url};

use super::findings::Findings;
use crate::config::Config;

/// Checks the options against each other, and against whether real money is moved.
pub(super) fn check(config: &Config, is_live: bool, findings: &mut Findings) {
    check_public_url(config, is_live, findings);
    check_listen(config, findings);
    check_egress(config, is_live, findings);
    if config.test.clock && is_live {
        findings.wrong(
            "test clock",
            "time can be moved, and a project is live",
            "clock = false in [test]; test with another database",
        );
    }
}

fn check_public_url(config: &Config, is_live: bool, findings: &mut Findings) {
    let url = config.public.url.as_str();
    let parsed = Url::parse(url).ok();
    let is_local = parsed.as_ref().and_then(Url::host).is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    let cure = "set public.url to the address of the reverse proxy, such as https://pay.example";
    match (is_local, url.starts_with("https://")) {
        (true, _) if is_live => findings.wrong(
            "public address",
            format!("{url} is this machine: neither customers nor Paytm can come there"),
            cure,
        ),
        (true, _) => findings.doubtful(
            "public address",
            format!("{url} is this machine: customers' devices and Paytm can't come there"),
            cure,
        ),
        (false, false) => findings.wrong(
            "public address",
            format!("{url} has no TLS: Paytm does not notify it, and browsers warn"),
            cure,
        ),
        (false, true) => findings.fine("public address", url),
    }
}

fn check_listen(config: &Config, findings: &mut Findings) {
    let listen = &config.listen;
    let open: Vec<SocketAddr> = [listen.gate, listen.page, listen.provider, listen.ops]
        .into_iter()
        .filter(|address| !address.ip().is_loopback())
        .collect();
    if [listen.gate, listen.page, listen.provider].contains(&listen.ops) {
        findings.wrong(
            "listening",
            format!("metrics share {} with what the proxy publishes", listen.ops),
            "give listen.ops a port of its own",
        );
    } else if let Some(address) = open.first() {
        findings.doubtful(
            "listening",
            format!("{address} can be reached from other machines, without TLS"),
            "listen on 127.0.0.1 behind a reverse proxy, unless a firewall stands before it",
        );
    } else {
        let found = format!("Gate {}, operations {}, this machine only", listen.gate, listen.ops);
        findings.fine("listening", found);
    }
}

fn check_egress(config: &Config, is_live: bool, findings: &mut Findings) {
    let opened = [
        (config.egress.allow_private, "to addresses inside the operator's network"),
        (config.egress.allow_http, "without TLS"),
    ];
    let opened: Vec<&str> =
        opened.into_iter().filter_map(|(is_open, what)| is_open.then_some(what)).collect();
    if opened.is_empty() {
        findings.fine("egress", "callbacks go to public addresses only, over TLS");
        return;
    }
    let found = format!("callbacks may go {}", opened.join(", and "));
    let cure = "remove allow_private and allow_http from [egress] before real merchants come";
    if is_live {
        findings.wrong("egress", found, cure);
    } else {
        findings.doubtful("egress", found, cure);
    }
}
