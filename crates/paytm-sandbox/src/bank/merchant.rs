//! The merchants in the books.

use rusqlite::{OptionalExtension as _, params};

use crate::config::Merchant;
use crate::store::{Session, StoreError};

pub(crate) fn find(session: &Session<'_>, mid: &str) -> Result<Option<Merchant>, StoreError> {
    let document: Option<String> = session
        .sql
        .prepare_cached("SELECT document FROM merchants WHERE mid = ?1")?
        .query_row([mid], |row| row.get(0))
        .optional()?;
    Ok(document.map(|document| serde_json::from_str(&document)).transpose()?)
}

pub(crate) fn all(session: &Session<'_>) -> Result<Vec<Merchant>, StoreError> {
    let mut statement =
        session.sql.prepare_cached("SELECT document FROM merchants ORDER BY mid")?;
    let documents = statement.query_map([], |row| row.get::<_, String>(0))?;
    documents.map(|document| Ok(serde_json::from_str(&document?)?)).collect()
}

pub(crate) fn save(session: &Session<'_>, merchant: &Merchant) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached("INSERT OR REPLACE INTO merchants (mid, document) VALUES (?1, ?2)")?
        .execute(params![merchant.mid, serde_json::to_string(merchant)?])?;
    Ok(())
}

/// Writes a merchant of the configuration over a stored one, keeping the addresses that the
/// configuration leaves out.
pub(crate) fn configure(session: &Session<'_>, merchant: &Merchant) -> Result<(), StoreError> {
    let mut merchant = merchant.clone();
    if let Some(stored) = find(session, &merchant.mid)? {
        merchant.callback_url = merchant.callback_url.or(stored.callback_url);
        merchant.notification_url = merchant.notification_url.or(stored.notification_url);
        merchant.refund_notification_url =
            merchant.refund_notification_url.or(stored.refund_notification_url);
        merchant.scenario = merchant.scenario.or(stored.scenario);
    }
    save(session, &merchant)
}
