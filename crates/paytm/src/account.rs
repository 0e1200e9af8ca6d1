//! A merchant's account at Paytm: who we are there, what customers may pay with, and where their
//! browsers come back. Values of the configuration, checked when they are made.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::form_urlencoded;

use crate::checksum::ChecksumError;

/// A merchant account at Paytm.
#[derive(Debug, Clone)]
pub struct Account {
    /// The merchant id, at most 20 letters and digits.
    pub mid: String,
    /// The key that belongs to it.
    pub key: MerchantKey,
    /// Scheme and host of the gateway, such as `https://secure.paytmpayments.com`.
    pub base_url: String,
    /// `websiteName`: `WEBSTAGING` on staging, `DEFAULT` in production unless Paytm gave another.
    pub website: String,
    /// What customers may pay with; all that the account can do when empty.
    pub modes: Vec<Mode>,
    /// Where Paytm sends the customer's browser back (`callbackUrl`).
    pub callback_url: String,
}

impl Account {
    /// The address of one of the gateway's services.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }

    /// The address of a service that wants merchant and order in the query too.
    pub(crate) fn order_endpoint(&self, path: &str, order: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("mid", &self.mid)
            .append_pair("orderId", order)
            .finish();
        format!("{}?{query}", self.endpoint(path))
    }
}

/// The secret that signs messages to and from Paytm. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MerchantKey(String);

impl MerchantKey {
    /// A key as the dashboard shows it. Real ones have 16 characters.
    ///
    /// # Errors
    /// [`ChecksumError::KeyLength`] unless it has 16, 24 or 32 bytes.
    pub fn new(key: impl Into<String>) -> Result<Self, ChecksumError> {
        let key = key.into();
        match key.len() {
            16 | 24 | 32 => Ok(Self(key)),
            length => Err(ChecksumError::KeyLength(length)),
        }
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MerchantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MerchantKey(redacted)")
    }
}

/// One way to pay (`enablePaymentMode`), in Paytm's words; as text `BALANCE` or
/// `UPI:UPIPUSH+UPI`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mode {
    mode: Word,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<Word>,
}

impl Mode {
    /// The wallet's balance: what the sandbox offers. The real gateway's wallet has been wound up.
    pub fn wallet() -> Self {
        Self { mode: Word("BALANCE".into()), channels: vec![] }
    }

    /// UPI through the payer's app or id: what a Paytm button means at the real gateway.
    pub fn upi() -> Self {
        let channels = ["UPIPUSH", "UPI"].map(|channel| Word(channel.into()));
        Self { mode: Word("UPI".into()), channels: channels.to_vec() }
    }
}

/// A text that does not name a payment mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment mode reads MODE or MODE:CHANNEL+CHANNEL, in capitals, digits and `_`")]
pub struct ModeError;

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let (mode, channels) = match text.split_once(':') {
            Some((mode, channels)) => {
                (mode, channels.split('+').map(str::parse).collect::<Result<_, _>>()?)
            }
            None => (text, vec![]),
        };
        Ok(Self { mode: mode.parse()?, channels })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mode.0)?;
        for (index, channel) in self.channels.iter().enumerate() {
            let separator = if index == 0 { ':' } else { '+' };
            write!(f, "{separator}{}", channel.0)?;
        }
        Ok(())
    }
}

/// One of Paytm's names: capitals, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word(String);

impl FromStr for Word {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(ModeError);
        }
        Ok(Self(text.into()))
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_written() {
        for (text, mode) in [("BALANCE", Mode::wallet()), ("UPI:UPIPUSH+UPI", Mode::upi())] {
            assert_eq!(text.parse(), Ok(mode.clone()));
            assert_eq!(mode.to_string(), text);
        }
        for wrong in ["", "upi", "UPI:", ":UPI", "UPI:UPI+", "UPI UPI", "UPI:UPI:UPI"] {
            assert_eq!(wrong.parse::<Mode>(), Err(ModeError), "{wrong}");
        }
    }

    #[test]
    fn a_key_has_a_length_and_is_never_shown() {
        for wrong in [0, 15, 17, 33] {
            assert_eq!(MerchantKey::new("k".repeat(wrong)), Err(ChecksumError::KeyLength(wrong)));
        }
        let key = MerchantKey::new("05GT2Ju4QFLIM%VX").unwrap();
        assert_eq!(format!("{key:?}"), "MerchantKey(redacted)");
    }
}
