//! The balances of wallets. Each phone has one; it is topped up to its allowance every five
//! minutes, as the test wallet of Paytm's staging is.

use rusqlite::{OptionalExtension as _, params};

use crate::bank::ledger;
use crate::bank::order::Payer;
use crate::clock::{MINUTE, Millis};
use crate::paise::Paise;
use crate::store::{Session, StoreError};

/// The account that top-ups come from.
const TOP_UP: &str = "top-up";

const TOP_UP_EVERY: Millis = 5 * MINUTE;

/// The OTP of every wallet, as on Paytm's staging.
pub(crate) const OTP: &str = "489871";

/// The wallet of customers who are not people; it always has enough and keeps no balance.
pub(crate) const BOTTOMLESS: &str = "automatic";

/// Test phones and what their wallets are topped up to; any other phone gets [`ALLOWANCE`].
pub(crate) const PHONES: [(&str, Paise, &str); 3] = [
    ("7777777777", Paise(700_000), "the test wallet of the documents"),
    ("8888888888", Paise(20_000_000), "full KYC"),
    ("9999999999", Paise(5_000), "nearly empty"),
];

/// The most that a wallet with minimum KYC may hold.
pub(crate) const ALLOWANCE: Paise = Paise(1_000_000);

/// The balance of a wallet, after a top-up if one is due.
pub(crate) fn balance(session: &Session<'_>, phone: &str) -> Result<Paise, StoreError> {
    let stored: Option<(Paise, Millis)> = session
        .sql
        .prepare_cached("SELECT balance, topped_up_at FROM wallets WHERE phone = ?1")?
        .query_row([phone], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let allowance = PHONES
        .iter()
        .find(|(known, ..)| *known == phone)
        .map_or(ALLOWANCE, |(_, allowance, _)| *allowance);
    let (balance, topped_up_at) = stored.unwrap_or((Paise(0), Millis::MIN));
    let waited = session.now.saturating_sub(topped_up_at) >= TOP_UP_EVERY;
    if !waited || balance >= allowance {
        return Ok(balance);
    }
    session
        .sql
        .prepare_cached(
            "INSERT OR REPLACE INTO wallets (phone, balance, topped_up_at) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![phone, allowance, session.now])?;
    let account = Payer::Wallet(phone.to_owned()).account();
    ledger::record(session, None, None, TOP_UP, &account, allowance.minus(balance))?;
    Ok(allowance)
}

/// Takes `amount` from a wallet, if it is there.
pub(crate) fn take(session: &Session<'_>, phone: &str, amount: Paise) -> Result<bool, StoreError> {
    if phone == BOTTOMLESS {
        return Ok(true);
    }
    if balance(session, phone)? < amount {
        return Ok(false);
    }
    add(session, phone, Paise(0).minus(amount))?;
    Ok(true)
}

/// Adds `amount` to a wallet that was opened before; does nothing to any other.
pub(crate) fn add(session: &Session<'_>, phone: &str, amount: Paise) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached("UPDATE wallets SET balance = balance + ?2 WHERE phone = ?1")?
        .execute(params![phone, amount])?;
    Ok(())
}
