//! What the page remembers of how it was opened, carried in the address of the payment's own page.
//!
//! A token is `base64url(JSON).base64url(MAC)`. The MAC (HMAC-SHA256 under the project's signing
//! secret, 256 bits) makes it unguessable and keeps its addresses from being changed: only whoever
//! held the signed link, or the merchant, has it. It names no customer.

use app::project::Project;
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::id::ProjectId;
use serde::{Deserialize, Serialize};

/// Sets what is signed here apart from all else that the same secret signs.
const CONTEXT: &str = "dwar payment page token v1\n";

/// How a payment's page was opened: which payment, and where its customer goes afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    /// The project's number.
    #[serde(rename = "p")]
    pub(super) project: i64,
    /// The merchant's payment.
    #[serde(rename = "i")]
    pub(super) payment: String,
    /// The language asked for.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    /// After the payment.
    #[serde(rename = "w", default)]
    pub(super) ways: Ways,
}

/// The addresses of the merchant that a customer goes to. Each has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Ways {
    /// From the result page of a success.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) success: Option<Way>,
    /// From the result page of a decline.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) fail: Option<Way>,
    /// Before there is a result.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) back: Option<String>,
    /// Back from the provider, when the result does not come at once.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) unknown: Option<String>,
}

impl Ways {
    /// Where a result leads without a page of its own.
    pub(super) fn at_once(&self) -> impl Iterator<Item = &str> {
        let at_once = |way: &&Way| way.by == By::Once;
        [&self.success, &self.fail].into_iter().flatten().filter(at_once).map(|way| &*way.address)
    }

    /// Where a customer goes who gives up after a try that failed.
    pub(super) fn out(&self) -> Option<&str> {
        let after_decline = self.fail.as_ref().map(|way| way.address.as_str());
        after_decline.or(self.back.as_deref())
    }
}

/// An address, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Way {
    /// Where to.
    #[serde(rename = "a")]
    pub(super) address: String,
    /// By what.
    #[serde(rename = "b")]
    pub(super) by: By,
}

/// What takes a customer on from a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum By {
    /// A button.
    #[serde(rename = "b")]
    Button,
    /// A button that presses itself after some seconds.
    #[serde(rename = "c")]
    Countdown,
    /// At once, without a result page.
    #[serde(rename = "o")]
    Once,
}

impl Visit {
    /// The token of this visit.
    pub(super) fn token(&self, project: &Project) -> String {
        // A visit is made of strings and numbers; they always have a JSON form.
        let claim = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let mac = hmac::sign(&key(project.signing_secret()), signed(&claim).as_bytes());
        format!("{claim}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac))
    }
}

/// A token that was read and not yet believed.
pub(super) struct Unproven<'a> {
    visit: Visit,
    claim: &'a str,
    mac: Vec<u8>,
}

impl<'a> Unproven<'a> {
    /// Takes a token apart.
    pub(super) fn read(token: &'a str) -> Option<Self> {
        let (claim, mac) = token.split_once('.')?;
        let visit = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claim).ok()?).ok()?;
        Some(Self { visit, claim, mac: BASE64_URL_SAFE_NO_PAD.decode(mac).ok()? })
    }

    /// The project whose secret must have made it.
    pub(super) fn project(&self) -> ProjectId {
        ProjectId(self.visit.project)
    }

    /// The visit, if the project's secret made the token.
    pub(super) fn prove(self, project: &Project) -> Option<Visit> {
        let message = signed(self.claim);
        let made_it =
            |secret: &&str| hmac::verify(&key(secret), message.as_bytes(), &self.mac).is_ok();
        project.accepted_secrets().iter().any(made_it).then_some(self.visit)
    }
}

fn key(secret: &str) -> Key {
    Key::new(HMAC_SHA256, secret.as_bytes())
}

fn signed(claim: &str) -> String {
    format!("{CONTEXT}{claim}")
}
