//! The ledger: every movement of money, from one account to another, never changed afterwards.
//!
//! Accounts: `wallet:PHONE` and `upi:ADDRESS` (customers), `merchant:MID`, `refunds` (accepted but
//! not yet credited), `top-up`.

use rusqlite::params;
use serde::Serialize;

use crate::bank::order::{Order, transaction_id};
use crate::paise::Paise;
use crate::store::{Session, StoreError};

/// Where refunds wait between acceptance and credit.
pub(crate) const REFUNDS: &str = "refunds";

pub(crate) fn merchant_account(mid: &str) -> String {
    format!("merchant:{mid}")
}

/// Appends a movement of `amount` from the account `debit` to the account `credit`.
pub(crate) fn record(
    session: &Session<'_>,
    order: Option<&Order>,
    ref_id: Option<&str>,
    debit: &str,
    credit: &str,
    amount: Paise,
) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached(
            "INSERT INTO movements (at, order_number, ref_id, debit, credit, amount) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            session.now,
            order.map(|order| order.number),
            ref_id,
            debit,
            credit,
            amount
        ])?;
    Ok(())
}

/// What the books say, for comparison with a merchant's own.
#[derive(Debug, Serialize)]
pub(crate) struct Books {
    orders: Vec<BookedOrder>,
    totals: Totals,
    accounts: Vec<Account>,
}

#[derive(Debug, Serialize)]
struct BookedOrder {
    mid: String,
    order_id: String,
    txn_id: String,
    status: String,
    code: String,
    scenario: String,
    amount_paise: i64,
    captured_paise: i64,
    refunded_paise: i64,
    refund_pending_paise: i64,
    refunds: i64,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) orders: usize,
    pub(crate) captured_paise: i64,
    pub(crate) refunded_paise: i64,
    pub(crate) refund_pending_paise: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) account: String,
    pub(crate) balance_paise: i64,
}

/// The books of every order, or of the one with this id. Sums come from the ledger, not from the
/// orders' own fields.
pub(crate) fn books(session: &Session<'_>, order_id: Option<&str>) -> Result<Books, StoreError> {
    let mut statement = session.sql.prepare_cached(
        "WITH moved AS (
             SELECT order_number,
                    SUM(CASE WHEN ref_id IS NULL THEN amount ELSE 0 END) AS captured,
                    SUM(CASE WHEN debit = 'refunds' AND credit NOT LIKE 'merchant:%'
                             THEN amount ELSE 0 END) AS refunded
             FROM movements WHERE order_number IS NOT NULL GROUP BY order_number
         ), asked AS (
             SELECT order_number, COUNT(*) AS count,
                    SUM(CASE WHEN state IN ('requested', 'accepted')
                             THEN amount ELSE 0 END) AS pending
             FROM refunds GROUP BY order_number
         )
         SELECT number, created_at, mid, order_id, state, code, scenario, amount,
                COALESCE(captured, 0), COALESCE(refunded, 0), COALESCE(pending, 0),
                COALESCE(count, 0)
         FROM orders
         LEFT JOIN moved ON moved.order_number = number
         LEFT JOIN asked ON asked.order_number = number
         WHERE ?1 IS NULL OR order_id = ?1
         ORDER BY number",
    )?;
    let orders = statement
        .query_map([order_id], |row| {
            Ok(BookedOrder {
                txn_id: transaction_id(row.get(1)?, row.get(0)?),
                mid: row.get(2)?,
                order_id: row.get(3)?,
                status: row.get(4)?,
                code: row.get(5)?,
                scenario: row.get(6)?,
                amount_paise: row.get(7)?,
                captured_paise: row.get(8)?,
                refunded_paise: row.get(9)?,
                refund_pending_paise: row.get(10)?,
                refunds: row.get(11)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let mut totals = Totals { orders: orders.len(), ..Totals::default() };
    for order in &orders {
        totals.captured_paise = totals.captured_paise.saturating_add(order.captured_paise);
        totals.refunded_paise = totals.refunded_paise.saturating_add(order.refunded_paise);
        totals.refund_pending_paise =
            totals.refund_pending_paise.saturating_add(order.refund_pending_paise);
    }
    Ok(Books { orders, totals, accounts: accounts(session)? })
}

/// What every account has gained (or lost) since the beginning; the sum is zero.
pub(crate) fn accounts(session: &Session<'_>) -> Result<Vec<Account>, StoreError> {
    let mut statement = session.sql.prepare_cached(
        "SELECT account, SUM(amount) FROM (
             SELECT credit AS account, amount FROM movements
             UNION ALL SELECT debit, -amount FROM movements
         ) GROUP BY account ORDER BY account",
    )?;
    let accounts = statement
        .query_map([], |row| Ok(Account { account: row.get(0)?, balance_paise: row.get(1)? }))?;
    Ok(accounts.collect::<Result<_, _>>()?)
}
