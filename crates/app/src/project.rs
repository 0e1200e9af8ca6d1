//! A merchant's project: its settings, its signing secrets and its account at the provider.

use std::fmt;

use domain::id::ProjectId;
use domain::limits::{LIMIT_TIME, PAGE_ATTEMPTS, SALE_MINOR_MAX, SALE_MINOR_MIN};
use domain::money::Currency;
use domain::payment::LateSuccessPolicy;
use domain::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use store::projects::ProjectRow;
use thiserror::Error;

use crate::ports::Entropy;
use crate::secrets::{Vault, WrongMasterKey};

/// Signing secrets that are accepted at one time, so that a key can be rotated without a gap.
pub const ACTIVE_SECRETS: usize = 2;

/// A project, opened.
#[derive(Clone)]
pub struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it wants.
    pub settings: Settings,
    /// What it signs with.
    pub keys: Keys,
    /// When it was made.
    pub created: Timestamp,
}

/// The settings of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where callbacks go unless a payment says otherwise.
    pub callback_url: Option<String>,
    /// A test project: errors tell more, and nothing real is debited.
    pub test_mode: bool,
    /// Whether the Paytm method is enabled.
    pub paytm_enabled: bool,
    /// Smallest sale, minor units of INR.
    pub sale_minor_min: i64,
    /// Largest sale, minor units of INR.
    pub sale_minor_max: i64,
    /// Time a customer has until the automatic decline, in milliseconds.
    pub limit_time: Millis,
    /// How often a customer of Payment Page may try to pay one payment, at least once and at most
    /// [`SALE_ATTEMPTS_MAX`](domain::limits::SALE_ATTEMPTS_MAX) times.
    #[serde(default = "page_attempts")]
    pub page_attempts: u32,
    /// What happens to money that comes after the decline.
    pub late_success: LateSuccessPolicy,
    /// The currency the merchant is settled in.
    pub settlement_currency: Currency,
    /// The account at Paytm.
    pub paytm: PaytmSettings,
    /// Origins of the merchant's pages that may show Payment Page in a frame, such as
    /// `https://shop.example`. None by default: then it opens as a page of its own only.
    #[serde(default)]
    pub frame_ancestors: Vec<String>,
    /// How Payment Page looks.
    #[serde(default)]
    pub branding: Branding,
}

const fn page_attempts() -> u32 {
    PAGE_ATTEMPTS
}

/// How the merchant shows on Payment Page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// The name customers know; the project's name when nothing is said.
    pub display_name: Option<String>,
    /// A picture: `data:image/png;base64,…`, which needs no third party, or an https address.
    pub logo_url: Option<String>,
    /// The colour of buttons, `#rrggbb`.
    pub accent: Option<String>,
}

/// A merchant account at Paytm, but for its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaytmSettings {
    /// The merchant id.
    pub mid: String,
    /// Scheme and host of Paytm, or of the sandbox.
    pub base_url: String,
    /// Paytm's `websiteName`: `WEBSTAGING`, `DEFAULT`.
    pub website: String,
    /// The payment modes offered behind `paytm-wallet`, such as `BALANCE` or `UPI:UPIPUSH+UPI`.
    pub modes: Vec<String>,
}

impl Settings {
    /// The settings a new project begins with.
    pub fn new(paytm: PaytmSettings) -> Self {
        Self {
            callback_url: None,
            test_mode: false,
            paytm_enabled: true,
            sale_minor_min: SALE_MINOR_MIN,
            sale_minor_max: SALE_MINOR_MAX,
            limit_time: LIMIT_TIME,
            page_attempts: PAGE_ATTEMPTS,
            late_success: LateSuccessPolicy::GiveBack,
            settlement_currency: Currency::INR,
            paytm,
            frame_ancestors: Vec::new(),
            branding: Branding::default(),
        }
    }
}

/// The secrets of a project. They never show in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// What the merchant signs with, newest first; what we sign with is the first.
    pub signing: Vec<SigningKey>,
    /// The key of the Paytm account.
    pub paytm: String,
}

/// A signing secret and its age.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// The secret.
    pub secret: String,
    /// When it was made.
    pub created: Timestamp,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why a stored project could not be opened, or a new one sealed.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// The secrets don't open.
    #[error(transparent)]
    Secrets(#[from] WrongMasterKey),
    /// The row makes no sense.
    #[error("project {0}: the stored settings can't be read")]
    Unreadable(i64, #[source] serde_json::Error),
}

impl Project {
    /// The secret that we sign with.
    pub fn signing_secret(&self) -> &str {
        self.keys.signing.first().map_or("", |key| &key.secret)
    }

    /// All secrets that a merchant may sign with.
    pub fn accepted_secrets(&self) -> Vec<&str> {
        self.keys.signing.iter().map(|key| key.secret.as_str()).collect()
    }

    /// Puts a new secret in front. The one before it stays accepted; older ones don't.
    pub fn rotate(&mut self, entropy: &dyn Entropy, now: Timestamp) {
        self.keys.signing.insert(0, SigningKey { secret: new_secret(entropy), created: now });
        self.keys.signing.truncate(ACTIVE_SECRETS);
    }

    /// Opens a stored project.
    ///
    /// # Errors
    /// [`ProjectError`] when the master key is another one, or the row makes no sense.
    pub fn open(row: ProjectRow, vault: &Vault) -> Result<Self, ProjectError> {
        let unreadable = |error| ProjectError::Unreadable(row.id.0, error);
        let settings = serde_json::from_str(&row.settings).map_err(unreadable)?;
        let keys = serde_json::from_slice(&vault.open(&row.secrets)?).map_err(unreadable)?;
        Ok(Self { id: row.id, name: row.name, settings, keys, created: row.created })
    }

    /// Seals the project for storing.
    ///
    /// # Errors
    /// [`ProjectError`] when it can't be written as JSON or sealed.
    pub fn seal(&self, vault: &Vault, entropy: &dyn Entropy) -> Result<ProjectRow, ProjectError> {
        let unreadable = |error| ProjectError::Unreadable(self.id.0, error);
        let keys = serde_json::to_vec(&self.keys).map_err(unreadable)?;
        Ok(ProjectRow {
            id: self.id,
            name: self.name.clone(),
            settings: serde_json::to_string(&self.settings).map_err(unreadable)?,
            secrets: vault.seal(&keys, entropy)?,
            created: self.created,
        })
    }
}

/// A new signing secret: 64 hex digits of randomness.
pub fn new_secret(entropy: &dyn Entropy) -> String {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    random.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}
