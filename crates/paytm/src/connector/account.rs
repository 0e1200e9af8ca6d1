//! Whether Paytm knows a merchant account and its key, learnt from a question that changes nothing.

use domain::provider::Unclear;
use serde::Deserialize;

use crate::account::Account;
use crate::exchange::Reply;
use crate::message::{ResultInfo, open};

/// What Paytm makes of a merchant account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountAnswer {
    /// It answered, signed with the account's key.
    Accepted,
    /// It does not know the merchant id (335).
    UnknownMerchant,
    /// The key is not the merchant's (330).
    WrongKey,
    /// No usable answer.
    Unknown(Unclear),
}

/// What the answer to [`ask_sale`](super::ask_sale), about an order that there can't be, says of
/// the account. Refusals are believed unsigned: Paytm can't sign to a stranger.
pub fn account_answered(account: &Account, reply: Reply<'_>) -> AccountAnswer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        result_info: ResultInfo,
    }
    let answer = match open::<Body>(reply, &account.key) {
        Ok(answer) => answer,
        Err(unclear) => return AccountAnswer::Unknown(unclear),
    };
    match (answer.body.result_info.result_code.as_str(), answer.require_signature()) {
        ("335", _) => AccountAnswer::UnknownMerchant,
        ("330", _) => AccountAnswer::WrongKey,
        (_, Ok(())) => AccountAnswer::Accepted,
        (_, Err(unclear)) => AccountAnswer::Unknown(unclear),
    }
}
