//! What Paytm sends by itself: the browser's return, webhooks about payments and about refunds.
//!
//! All of it is a hint and nothing more. It names an order, so that the status API is asked
//! sooner; what it claims, signed or not, changes no payment.

use std::collections::BTreeMap;

use domain::id::ProviderReference;
use domain::limits::PROVIDER_REFERENCE_BYTES;
use serde::Deserialize;
use url::form_urlencoded;

use crate::account::Account;
use crate::checksum::{CHECKSUM_PARAM, verify_params};
use crate::message::{MESSAGE_BYTES_MAX, Message, Seal};

/// Longest claim that is kept. Paytm's are words such as `TXN_SUCCESS`.
const CLAIM_CHARS_MAX: usize = 20;

/// A message of Paytm, or of somebody who pretends to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The order it is about.
    pub order: ProviderReference,
    /// The refund it is about, unless it is about the payment.
    pub refund: Option<ProviderReference>,
    /// The status it claims, for the history.
    pub claim: Option<String>,
    source: Source,
}

/// What came, kept until it is known whose key should have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Form(BTreeMap<String, String>),
    Json { message: Vec<u8>, mid: Option<String> },
}

impl Notification {
    /// Reads a notification: JSON where the first character is a brace, otherwise a form. The
    /// query of a return by GET reads like the form it should have been. Content types are not
    /// asked, because senders get them wrong.
    ///
    /// Nothing where no order is named, or the message is too long.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            Self::read_json(bytes)
        } else {
            Self::read_form(bytes)
        }
    }

    /// Whether it carries the account's id and a valid checksum made with its key. Paytm's own
    /// error returns carry none.
    pub fn is_authentic(&self, account: &Account) -> bool {
        match &self.source {
            Source::Form(params) => {
                let pairs = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                params.get("MID").is_none_or(|mid| *mid == account.mid)
                    && params.get(CHECKSUM_PARAM).is_some_and(|checksum| {
                        verify_params(pairs, account.key.reveal(), checksum)
                    })
            }
            Source::Json { message, mid } => {
                mid.as_ref().is_none_or(|mid| *mid == account.mid)
                    && Message::read(message)
                        .is_some_and(|message| message.seal(&account.key) == Seal::Valid)
            }
        }
    }

    fn read_form(bytes: &[u8]) -> Option<Self> {
        let params: BTreeMap<String, String> = form_urlencoded::parse(bytes).into_owned().collect();
        let param = |name: &str| params.get(name).cloned();
        Some(Self {
            order: reference(param("ORDERID").or_else(|| param("ORDER_ID")))?,
            refund: reference(param("REFID")),
            claim: claim(param("STATUS").or_else(|| param("TXNSTATUS"))),
            source: Source::Form(params),
        })
    }

    fn read_json(bytes: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            mid: Option<String>,
            order_id: Option<String>,
            ref_id: Option<String>,
            status: Option<String>,
        }
        let body: Body = Message::read(bytes)?.parse()?;
        Some(Self {
            order: reference(body.order_id)?,
            refund: reference(body.ref_id),
            claim: claim(body.status),
            source: Source::Json { message: bytes.to_vec(), mid: body.mid },
        })
    }
}

fn reference(text: Option<String>) -> Option<ProviderReference> {
    text.filter(|text| !text.is_empty() && text.len() <= PROVIDER_REFERENCE_BYTES)
        .map(ProviderReference)
}

fn claim(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        (1..=CLAIM_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    })
}
