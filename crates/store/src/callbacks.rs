//! Callbacks to merchants and the log of their deliveries. A payment's callbacks are sent in
//! order: the oldest that waits is the only one that may go out.

use domain::id::{OperationId, PaymentKey};
use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// A callback as made: its body is signed once and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCallback {
    /// What it is about: `redirect`, `sale` or `refund`.
    pub kind: Topic,
    /// The operation it is about.
    pub operation: OperationId,
    /// Where it goes.
    pub url: String,
    /// The signed body.
    pub body: String,
    /// Not sent before this.
    pub not_before: Timestamp,
}

/// What a callback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The customer has to be redirected; void once the sale has ended.
    Redirect,
    /// The sale's result.
    Sale,
    /// A refund's result.
    Refund,
}

impl Topic {
    /// The word it is stored and shown under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Sale => "sale",
            Self::Refund => "refund",
        }
    }
}

/// Where a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackState {
    /// Waits for its turn or its next try.
    Pending,
    /// Acknowledged.
    Delivered,
    /// All tries failed.
    Expired,
    /// A newer state made it pointless before it was acknowledged.
    Superseded,
}

impl CallbackState {
    /// The word it is stored and shown under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }
}

/// A callback as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The payment it belongs to.
    pub payment: PaymentKey,
    /// Its place among the payment's callbacks, from 1.
    pub seq: i64,
    /// What it is about.
    pub topic: Topic,
    /// The operation it is about.
    pub operation: OperationId,
    /// Where it goes.
    pub url: String,
    /// The signed body.
    pub body: String,
    /// Where it stands.
    pub state: CallbackState,
    /// Tries so far.
    pub attempts: u32,
    /// When it was first tried.
    pub first_at: Option<Timestamp>,
    /// Not sent before this.
    pub not_before: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

/// One try of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which callback of the payment.
    pub seq: i64,
    /// Which try, from 1.
    pub attempt: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// HTTP status, if an answer came.
    pub status: Option<u16>,
    /// Why not, if none came.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub answer: String,
}

/// Adds a callback behind the others of its payment and returns its place.
pub fn append(
    tx: &mut dyn Tx,
    key: &PaymentKey,
    callback: &NewCallback,
    now: Timestamp,
) -> Result<i64> {
    tx.query_one(
        "INSERT INTO callback (lane, project, payment, seq, kind, operation, url, body, state, \
         attempts, first_at, not_before, created_at) \
         SELECT $1, $2, $3, coalesce(max(seq), 0) + 1, $4, $5, $6, $7, 'pending', 0, NULL, $8, $9 \
         FROM callback WHERE lane = $1 AND project = $2 AND payment = $3 RETURNING seq",
        params![
            key.lane().number(),
            key.project().0,
            &key.payment().0,
            callback.kind.name(),
            callback.operation.0,
            &callback.url,
            &callback.body,
            callback.not_before.0,
            now.0
        ],
        |row| row.int(0),
    )
}

/// Gives up what tells the merchant to redirect a customer whose payment has ended.
pub fn supersede_redirect(tx: &mut dyn Tx, key: &PaymentKey) -> Result<()> {
    tx.execute(
        "UPDATE callback SET state = 'superseded' \
         WHERE lane = $1 AND project = $2 AND payment = $3 AND state = 'pending' \
         AND kind = 'redirect'",
        params![key.lane().number(), key.project().0, &key.payment().0],
    )?;
    Ok(())
}

/// The oldest callback of a payment that waits.
pub fn head(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Option<Callback>> {
    tx.query_opt(
        "SELECT lane, project, payment, seq, kind, operation, url, body, state, attempts, \
         first_at, not_before, created_at FROM callback \
         WHERE lane = $1 AND project = $2 AND payment = $3 AND state = 'pending' \
         ORDER BY seq LIMIT 1",
        params![key.lane().number(), key.project().0, &key.payment().0],
        read,
    )
}

/// All callbacks of a payment, oldest first.
pub fn of_payment(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Vec<Callback>> {
    tx.query_all(
        "SELECT lane, project, payment, seq, kind, operation, url, body, state, attempts, \
         first_at, not_before, created_at FROM callback \
         WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY seq",
        params![key.lane().number(), key.project().0, &key.payment().0],
        read,
    )
}

/// Records a try and what it made of the callback. A callback that was superseded meanwhile
/// stays so unless it was acknowledged.
pub fn record(
    tx: &mut dyn Tx,
    key: &PaymentKey,
    delivery: &Delivery,
    state: CallbackState,
) -> Result<()> {
    tx.execute(
        "INSERT INTO delivery (lane, project, payment, seq, attempt, at, took_ms, status, error, \
         answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            key.lane().number(),
            key.project().0,
            &key.payment().0,
            delivery.seq,
            delivery.attempt,
            delivery.at.0,
            delivery.took_ms,
            delivery.status,
            delivery.error.as_deref(),
            &delivery.answer
        ],
    )?;
    tx.execute(
        "UPDATE callback SET attempts = $1, first_at = coalesce(first_at, $2), \
         state = CASE WHEN state = 'pending' OR $3 = 'delivered' THEN $3 ELSE state END \
         WHERE lane = $4 AND project = $5 AND payment = $6 AND seq = $7",
        params![
            delivery.attempt,
            delivery.at.0,
            state.name(),
            key.lane().number(),
            key.project().0,
            &key.payment().0,
            delivery.seq
        ],
    )?;
    Ok(())
}

/// The log of a payment's deliveries, oldest first.
pub fn deliveries(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Vec<Delivery>> {
    tx.query_all(
        "SELECT seq, attempt, at, took_ms, status, error, answer FROM delivery \
         WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY at, seq, attempt",
        params![key.lane().number(), key.project().0, &key.payment().0],
        |row| {
            Ok(Delivery {
                seq: row.int(0)?,
                attempt: row.int(1)?,
                at: Timestamp(row.int(2)?),
                took_ms: row.int(3)?,
                status: row.opt_int(4)?,
                error: row.opt_text(5)?.map(str::to_owned),
                answer: row.text(6)?.to_owned(),
            })
        },
    )
}

fn read(row: &dyn Row) -> Result<Callback> {
    let topic = match row.text(4)? {
        "redirect" => Topic::Redirect,
        "sale" => Topic::Sale,
        "refund" => Topic::Refund,
        unknown => return Err(row.malformed(4, format!("no such topic: {unknown}"))),
    };
    let state = match row.text(8)? {
        "pending" => CallbackState::Pending,
        "delivered" => CallbackState::Delivered,
        "expired" => CallbackState::Expired,
        "superseded" => CallbackState::Superseded,
        unknown => return Err(row.malformed(8, format!("no such state: {unknown}"))),
    };
    Ok(Callback {
        payment: crate::jobs::read_key(row)?,
        seq: row.int(3)?,
        topic,
        operation: OperationId(row.int(5)?),
        url: row.text(6)?.to_owned(),
        body: row.text(7)?.to_owned(),
        state,
        attempts: row.int(9)?,
        first_at: row.opt_int(10)?.map(Timestamp),
        not_before: Timestamp(row.int(11)?),
        created: Timestamp(row.int(12)?),
    })
}
