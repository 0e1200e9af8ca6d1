//! Paytm: whether it can be reached, whether our clock agrees with its own, and whether it accepts
//! the accounts.

use std::collections::BTreeSet;

use app::platform::Platform;
use app::ports::Clock as _;
use app::project::Project;
use domain::provider::Unclear;
use domain::time::Millis;
use paytm::connector::AccountAnswer;

use super::findings::Findings;
use super::reach::{self, Head, Question};
use crate::clock::SystemClock;
use crate::commands::payment::words;
use crate::output::time;

/// Clocks may differ so much: dates of HTTP have whole seconds, and answers take their time.
const CLOCKS_AGREE: Millis = Millis::seconds(5);

/// Asks Paytm about an order that there can't be, signed with the account's key.
pub(super) async fn check_account(platform: &Platform, project: &Project, findings: &mut Findings) {
    let (id, account) = (project.id.0, &project.settings.paytm);
    let whose = format!("project {id}, {} at {}", account.mid, account.base_url);
    match platform.check_account(project).await {
        AccountAnswer::Accepted => {
            findings.fine("Paytm account", format!("{whose}: accepted, and the answer is signed"));
        }
        AccountAnswer::UnknownMerchant => findings.wrong(
            "Paytm account",
            format!("{whose}: Paytm does not know this merchant id (335)"),
            format!(
                "compare with Paytm's dashboard; staging and production have different ids: \
                     dwar project set {id} --paytm-mid MID"
            ),
        ),
        AccountAnswer::WrongKey => findings.wrong(
            "Paytm account",
            format!("{whose}: the key is not this merchant's (330)"),
            format!(
                "copy it anew from Paytm's dashboard; a # or a space at an end gets lost \
                     easily: dwar project set {id} --paytm-key-file FILE"
            ),
        ),
        AccountAnswer::Unknown(reason) => findings.wrong(
            "Paytm account",
            format!("{whose}: {}", words::unclear(reason)),
            unclear_cure(reason),
        ),
    }
}

const fn unclear_cure(reason: Unclear) -> &'static str {
    match reason {
        Unclear::NotSent | Unclear::NoAnswer => "see whether it can be reached, below",
        Unclear::NotAuthentic => "the key is probably another one; copy it anew",
        Unclear::Unreadable | Unclear::Mismatch | Unclear::UnknownCode => {
            "is this Paytm, or a proxy in between? Check --paytm-url"
        }
        Unclear::ProviderFault => "Paytm has troubles of its own; try again",
    }
}

/// Reaches every Paytm that a project uses.
pub(super) async fn check_reach(projects: &[Project], findings: &mut Findings) {
    let urls: BTreeSet<&str> =
        projects.iter().map(|project| project.settings.paytm.base_url.as_str()).collect();
    for url in urls {
        match reach::ask(&Question::get(url)).await {
            Ok(head) => {
                findings.fine("Paytm", format!("{url} can be reached"));
                check_clock(url, &head, findings);
            }
            Err(error) => findings.wrong(
                "Paytm",
                format!("{url}: {error}"),
                "check the name, the firewall's outgoing rules and DNS of this machine",
            ),
        }
    }
}

fn check_clock(url: &str, head: &Head, findings: &mut Findings) {
    let Some(theirs) = head.date else { return };
    let ahead = SystemClock.now().since(theirs);
    let apart = time::length(Millis(ahead.0.abs()));
    if ahead.0.abs() <= CLOCKS_AGREE.0 {
        findings.fine("clock", format!("agrees with that of {url}"));
        return;
    }
    let direction = if ahead.0 > 0 { "ahead of" } else { "behind" };
    findings.wrong(
        "clock",
        format!("this machine's is {apart} {direction} that of {url}"),
        "let the system keep it: timedatectl set-ntp true",
    );
}
