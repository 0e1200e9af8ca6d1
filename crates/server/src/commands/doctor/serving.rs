//! Whether a server runs, answers, and keeps up.

use std::net::TcpListener;

use app::platform::Platform;
use domain::time::{Millis, Timestamp};
use store::{StoreError, Tx, jobs};

use super::findings::Findings;
use super::reach::{self, Question};
use crate::config::Config;
use crate::output::time;

/// How long a due job may wait in a server that keeps up.
const PATIENCE: Millis = Millis::minutes(1);

/// Checks the running server, or whether one could run.
pub(super) async fn check(config: &Config, platform: Option<&Platform>, findings: &mut Findings) {
    // Trying the lock makes its file, which the server's user could not write if it was made by
    // another; without the file there is no server.
    let was_served = config.database.path.with_added_extension("lock").exists();
    let holder = platform.filter(|_| was_served).and_then(holder);
    let is_running = holder.is_some();
    match holder {
        Some(holder) => check_running(config, &holder, findings).await,
        None => check_ports(config, findings),
    }
    if let Some(platform) = platform {
        check_jobs(platform, is_running, findings).await;
    }
}

/// The process that serves the database.
fn holder(platform: &Platform) -> Option<String> {
    match platform.store().lock_exclusive() {
        Err(StoreError::Locked { holder, .. }) => Some(holder),
        Ok(_) | Err(_) => None,
    }
}

async fn check_running(config: &Config, holder: &str, findings: &mut Findings) {
    let url = format!("http://{}/readyz", config.listen.ops);
    let answer = reach::ask(&Question::get(&url)).await;
    match answer {
        Ok(head) if head.status == 200 => {
            findings.fine("server", format!("process {holder} serves, and is ready"));
        }
        Ok(head) => findings.wrong(
            "server",
            format!("process {holder} serves, but {url} answers {}", head.status),
            "its answer names what is missing; see the log of the server",
        ),
        Err(error) => findings.doubtful(
            "server",
            format!("process {holder} serves, but not at {}: {error}", config.listen.ops),
            "give doctor the configuration of the server: --config FILE",
        ),
    }
}

fn check_ports(config: &Config, findings: &mut Findings) {
    findings.doubtful("server", "none is running for this database", "dwar serve");
    let listen = &config.listen;
    let mut addresses = vec![listen.gate, listen.page, listen.provider, listen.ops];
    addresses.sort_unstable();
    addresses.dedup();
    for address in addresses {
        if let Err(error) = TcpListener::bind(address) {
            findings.wrong(
                "ports",
                format!("{address} can't be listened on: {error}"),
                "stop the other program that has it, or choose another address in [listen]",
            );
        }
    }
}

/// What is due and not done.
async fn check_jobs(platform: &Platform, is_running: bool, findings: &mut Findings) {
    let now = platform.now();
    let late = now.plus(Millis(-PATIENCE.0));
    let overdue = move |tx: &mut dyn Tx| jobs::overdue(tx, late);
    let Ok((count, oldest)) = platform.store().read(overdue).await else { return };
    let age = oldest.map(|oldest: Timestamp| time::length(now.since(oldest)));
    match (count, age) {
        (0, _) | (_, None) => findings.fine("jobs", "nothing is overdue"),
        (count, Some(age)) if is_running => findings.doubtful(
            "jobs",
            format!("{count} are overdue, the oldest for {age}"),
            "callbacks to endpoints that are cut off wait so; if there are none, see the log",
        ),
        (count, Some(age)) => findings.wrong(
            "jobs",
            format!("{count} are overdue, the oldest for {age}, and no server runs"),
            "start one: payments wait for it",
        ),
    }
}
