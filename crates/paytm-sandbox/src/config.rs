//! What can be set about a sandbox, with the defaults of a demonstration.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{HOUR, MINUTE, Millis};

/// Everything [`serve`](crate::serve) needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file of the books; `None` keeps them in memory.
    pub database: Option<PathBuf>,
    /// What a finished call survives.
    pub durability: Durability,
    /// Merchants that exist from the start. The stored settings of a merchant that is already in
    /// the database are replaced, except the addresses that are `None` here.
    pub merchants: Vec<Merchant>,
    /// The token of the admin interface. Without one, only this machine (loopback) may use it.
    pub admin_token: Option<String>,
    /// From asking for a refund to its credit, in milliseconds. It is accepted half-way.
    pub refund_delay_ms: i64,
    /// For how long a refund of the same amount on the same order is refused (617), in
    /// milliseconds.
    pub equal_refund_window_ms: i64,
    /// How long a slow answer takes.
    pub slow_answer: Duration,
    /// The pauses between the attempts of a notification, in milliseconds.
    pub webhook_retries_ms: Vec<i64>,
    /// How long an attempt of a notification may take.
    pub webhook_timeout: Duration,
}

/// What a finished call survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// The loss of power: every group of calls is synced to the disk.
    Full,
    /// The death of any process, including the sandbox itself.
    Normal,
    /// Nothing that the operating system does not: the fastest, for load tests.
    Off,
}

/// A merchant of this Paytm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// Merchant id, at most 20 letters and digits.
    pub mid: String,
    /// The key of the checksums: 16, 24 or 32 characters.
    pub key: String,
    /// The `websiteName` that the merchant's requests must carry.
    #[serde(default = "default_website")]
    pub website: String,
    /// Where browsers return to if a request names no `callbackUrl`.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Where payment notifications go; without it none is sent.
    #[serde(default)]
    pub notification_url: Option<String>,
    /// Where refund notifications go; if absent, to `notification_url`.
    #[serde(default)]
    pub refund_notification_url: Option<String>,
    /// How payment notifications are written.
    #[serde(default)]
    pub notification_format: NotificationFormat,
    /// The scenario of orders that do not choose one themselves.
    #[serde(default)]
    pub scenario: Option<String>,
}

/// How payment notifications are written. Paytm's documents show both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationFormat {
    /// `application/x-www-form-urlencoded` with `CHECKSUMHASH`.
    #[default]
    Form,
    /// `{"head":{"signature":..},"body":{..}}`.
    Json,
}

fn default_website() -> String {
    "WEBSTAGING".to_owned()
}

impl Merchant {
    /// A merchant with the defaults of Paytm's staging.
    pub fn new(mid: &str, key: &str) -> Self {
        Self {
            mid: mid.to_owned(),
            key: key.to_owned(),
            website: default_website(),
            callback_url: None,
            notification_url: None,
            refund_notification_url: None,
            notification_format: NotificationFormat::Form,
            scenario: None,
        }
    }

    pub(crate) fn refund_notification_url(&self) -> Option<&str> {
        self.refund_notification_url.as_deref().or(self.notification_url.as_deref())
    }
}

impl Default for Config {
    /// In memory, one merchant (`SANDBX00000000000001` with the key `SandboxKey000001`), refunds in
    /// two seconds, notifications repeated over four days.
    fn default() -> Self {
        let retries: [Millis; 10] = [
            MINUTE,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            6 * HOUR,
            24 * HOUR,
            24 * HOUR,
            24 * HOUR,
            24 * HOUR,
            24 * HOUR,
        ];
        Self {
            database: None,
            durability: Durability::Normal,
            merchants: vec![Merchant::new("SANDBX00000000000001", "SandboxKey000001")],
            admin_token: None,
            refund_delay_ms: 2_000,
            equal_refund_window_ms: 10 * MINUTE,
            slow_answer: Duration::from_secs(5),
            webhook_retries_ms: retries.to_vec(),
            webhook_timeout: Duration::from_secs(10),
        }
    }
}
