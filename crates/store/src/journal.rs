//! The double-entry journal and its sums.

use domain::id::PaymentKey;
use domain::journal::{Account, Transfer};
use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// Appends transfers to a payment's journal.
pub fn append(
    tx: &mut dyn Tx,
    key: &PaymentKey,
    transfers: &[Transfer],
    at: Timestamp,
) -> Result<()> {
    if transfers.is_empty() {
        return Ok(());
    }
    let mut seq: i64 = tx.query_one(
        "SELECT coalesce(max(seq), 0) FROM journal \
         WHERE lane = $1 AND project = $2 AND payment = $3",
        params![key.lane().number(), key.project().0, &key.payment().0],
        |row| row.int(0),
    )?;
    for transfer in transfers {
        seq = seq.saturating_add(1);
        tx.execute(
            "INSERT INTO journal \
             (lane, project, payment, seq, operation, debit, credit, minor, currency, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            params![
                key.lane().number(),
                key.project().0,
                &key.payment().0,
                seq,
                transfer.operation.0,
                transfer.from.name(),
                transfer.to.name(),
                transfer.amount.minor(),
                transfer.amount.currency().code(),
                at.0
            ],
        )?;
    }
    Ok(())
}

/// The balance of an account in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBalance {
    /// Which.
    pub account: Account,
    /// Its currency.
    pub currency: String,
    /// Minor units, signed.
    pub minor: i64,
}

/// The balances of all accounts in all currencies.
pub fn balances(tx: &mut dyn Tx) -> Result<Vec<AccountBalance>> {
    tx.query_all(
        "SELECT account, currency, sum(minor) FROM ( \
           SELECT debit AS account, currency, -minor AS minor FROM journal \
           UNION ALL SELECT credit, currency, minor FROM journal) AS posting \
         GROUP BY account, currency ORDER BY account, currency",
        params![],
        |row: &dyn Row| {
            let name = row.text(0)?;
            Ok(AccountBalance {
                account: Account::from_name(name)
                    .ok_or_else(|| row.malformed(0, format!("no such account: {name}")))?,
                currency: row.text(1)?.to_owned(),
                minor: row.int(2)?,
            })
        },
    )
}

/// What the journal says of one payment, in minor units of the payment's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Project and payment.
    pub payment: PaymentKey,
    /// What doesn't agree, for people.
    pub what: String,
}

/// Payments whose journal does not agree with their sums: what customers paid less what they got
/// back must be captured − refunded, in the payment's currency. At most `limit` of them.
pub fn disagreements(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Disagreement>> {
    tx.query_all(
        "SELECT p.lane, p.project, p.payment, p.captured - p.refunded, \
                coalesce(j.paid, 0), p.refunding FROM payment p \
         LEFT JOIN (SELECT lane, project, payment, currency, \
             sum(CASE WHEN debit = 'customer' THEN minor ELSE 0 END) \
             - sum(CASE WHEN credit = 'customer' THEN minor ELSE 0 END) AS paid \
             FROM journal GROUP BY lane, project, payment, currency) j \
           ON j.lane = p.lane AND j.project = p.project AND j.payment = p.payment \
              AND j.currency = p.currency \
         WHERE p.captured - p.refunded <> coalesce(j.paid, 0) LIMIT $1",
        params![limit],
        |row: &dyn Row| {
            let (payment, journal): (i64, i64) = (row.int(3)?, row.int(4)?);
            Ok(Disagreement {
                payment: crate::jobs::read_key(row)?,
                what: format!("the payment says {payment} is kept, the journal {journal}"),
            })
        },
    )
}
