//! Callbacks to merchants and the log of their deliveries. A payment's callbacks are sent in
//! order: the oldest that waits is the only one that may go out.

use domain::id::{OperationId, PaymentKey, ProjectId};
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
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Expired, Self::Superseded];

    /// The state of a stored word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

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
    /// Tries before it was last resent; its schedule began anew after them.
    pub resent_after: u32,
    /// When it was first tried, since it was last resent.
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
         first_at, not_before, created_at, resent_after FROM callback \
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
         first_at, not_before, created_at, resent_after FROM callback \
         WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY seq",
        params![key.lane().number(), key.project().0, &key.payment().0],
        read,
    )
}

/// Which callbacks to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// In this state only.
    pub state: Option<CallbackState>,
    /// Made at or after this.
    pub since: Option<Timestamp>,
}

/// The newest callbacks, newest first, at most `limit`.
pub fn newest(tx: &mut dyn Tx, filter: Filter, limit: i64) -> Result<Vec<Callback>> {
    tx.query_all(
        "SELECT lane, project, payment, seq, kind, operation, url, body, state, attempts, \
         first_at, not_before, created_at, resent_after FROM callback \
         WHERE created_at >= $1 AND (CAST($2 AS BIGINT) IS NULL OR project = $2) \
         AND (CAST($3 AS TEXT) IS NULL OR state = $3) \
         ORDER BY created_at DESC, lane DESC, project DESC, payment DESC, seq DESC LIMIT $4",
        params![
            filter.since.map_or(i64::MIN, |since| since.0),
            filter.project.map(|project| project.0),
            filter.state.map(CallbackState::name),
            limit
        ],
        read,
    )
}

/// Names a callback, and says when it was made: its place in the order of all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallbackKey {
    /// When it was made.
    pub created: Timestamp,
    /// Its payment.
    pub payment: PaymentKey,
    /// Its place among the payment's callbacks.
    pub seq: i64,
}

/// Callbacks that may be sent again, made at or after `since`, oldest first, those behind `after`,
/// at most `limit`: the ones that were not acknowledged, or with `all` these too. What a newer
/// state made pointless is never among them.
pub fn page_to_replay(
    tx: &mut dyn Tx,
    since: Timestamp,
    after: Option<&CallbackKey>,
    all: bool,
    limit: i64,
) -> Result<Vec<CallbackKey>> {
    let (created, lane, project, payment, seq) = after.map_or((since.0, -1, 0, "", 0), |key| {
        let lane = i64::from(key.payment.lane().number());
        let payment = key.payment.payment().0.as_str();
        (key.created.0, lane, key.payment.project().0, payment, key.seq)
    });
    tx.query_all(
        "SELECT lane, project, payment, seq, created_at FROM callback \
         WHERE (created_at, lane, project, payment, seq) > ($1, $2, $3, $4, $5) \
         AND (state IN ('pending', 'expired') OR ($6 = 1 AND state = 'delivered')) \
         ORDER BY created_at, lane, project, payment, seq LIMIT $7",
        params![created, lane, project, payment, seq, all, limit],
        |row| {
            Ok(CallbackKey {
                payment: crate::jobs::read_key(row)?,
                seq: row.int(3)?,
                created: Timestamp(row.int(4)?),
            })
        },
    )
}

/// Makes a callback wait for delivery once more, the same bytes under the same id, with a schedule
/// that begins anew. Returns whether it does: one that a newer state made pointless stays so.
pub fn resend(tx: &mut dyn Tx, key: &PaymentKey, seq: i64) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE callback SET state = 'pending', resent_after = attempts, first_at = NULL \
         WHERE lane = $1 AND project = $2 AND payment = $3 AND seq = $4 \
         AND state <> 'superseded'",
        params![key.lane().number(), key.project().0, &key.payment().0, seq],
    )?;
    Ok(changed == 1)
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
    let name = row.text(8)?;
    let state = CallbackState::from_name(name)
        .ok_or_else(|| row.malformed(8, format!("no such state: {name}")))?;
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
        resent_after: row.int(13)?,
    })
}
