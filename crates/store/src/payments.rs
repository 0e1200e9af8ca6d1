//! Payments with their operations and their history.

use domain::decision::{Decision, Event};
use domain::id::{Lane, OperationId, PaymentKey, ProjectId, ProviderReference, RequestId};
use domain::money::{Amount, Currency};
use domain::payment::{CallbackPreference, Payment, Sale, SaleState, Terms};
use domain::refund::{Refund, RefundOrigin, RefundState};
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::jobs::read_key;
use crate::params;
use crate::tx::{Row, Tx};

const SALE: &str = "sale";
const REFUND: &str = "refund";

/// Loads a payment with all its operations.
pub fn load(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Option<Payment>> {
    let head = tx.query_opt(
        "SELECT version, terms FROM payment WHERE lane = $1 AND project = $2 AND payment = $3",
        params![key.lane().number(), key.project().0, &key.payment().0],
        |row| Ok((row.int::<u32>(0)?, json::<Terms>(row, 1)?)),
    )?;
    let Some((version, terms)) = head else { return Ok(None) };

    let mut sales = Vec::new();
    let mut refunds = Vec::new();
    tx.query(
        "SELECT kind, operation, request, reference, merchant_refund_id, amount, converted, \
                state, detail, created_at, updated_at, sale \
         FROM operation WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY operation",
        params![key.lane().number(), key.project().0, &key.payment().0],
        &mut |row| {
            match row.text(0)? {
                SALE => sales.push(read_sale(row)?),
                REFUND => refunds.push(read_refund(row, &terms)?),
                kind => return Err(row.malformed(0, format!("no such kind: {kind}"))),
            }
            Ok(())
        },
    )?;
    sales.sort_by_key(|sale: &Sale| sale.attempt);
    let sale = sales.pop().ok_or(StoreError::RowCount {
        sql: "the sale of a payment",
        expected: "at least one",
        found: 0,
    })?;
    Ok(Some(Payment { key: key.clone(), version, terms, sale, earlier: sales, refunds }))
}

/// Stores what was decided of a payment: the changed rows and its new events. Jobs, callbacks
/// and the journal are stored by their own modules.
pub fn save(
    tx: &mut dyn Tx,
    before: Option<&Payment>,
    decision: &Decision,
    now: Timestamp,
) -> Result<()> {
    let after = &decision.payment;
    match before {
        None => insert(tx, after)?,
        Some(before) if before != after => update(tx, before, after)?,
        Some(_) => {}
    }
    let first = i64::from(before.map_or(0, |payment| payment.version));
    for (seq, event) in (first.saturating_add(1)..).zip(&decision.events) {
        tx.execute(
            "INSERT INTO event (lane, project, payment, seq, at, body) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            params![
                after.key.lane().number(),
                after.key.project().0,
                &after.key.payment().0,
                seq,
                now.0,
                &to_json(event)?
            ],
        )?;
    }
    Ok(())
}

/// Finds the payment and the operation that the provider knows under `reference`.
pub fn by_reference(
    tx: &mut dyn Tx,
    lane: Lane,
    reference: &ProviderReference,
) -> Result<Option<(PaymentKey, OperationId)>> {
    tx.query_opt(
        "SELECT lane, project, payment, operation FROM operation \
         WHERE lane = $1 AND reference = $2",
        params![lane.number(), &reference.0],
        |row| Ok((read_key(row)?, OperationId(row.int(3)?))),
    )
}

/// Finds the payment that an accepted request of a project belongs to.
pub fn by_request(
    tx: &mut dyn Tx,
    lane: Lane,
    project: ProjectId,
    request: &RequestId,
) -> Result<Option<PaymentKey>> {
    tx.query_opt(
        "SELECT lane, project, payment FROM operation \
         WHERE lane = $1 AND request = $2 AND project = $3",
        params![lane.number(), &request.0, project.0],
        read_key,
    )
}

/// Something that happened to a payment, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place in the history, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// The history of a payment, oldest first.
pub fn history(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Vec<HistoryEntry>> {
    tx.query_all(
        "SELECT seq, at, body FROM event \
         WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY seq",
        params![key.lane().number(), key.project().0, &key.payment().0],
        |row| {
            Ok(HistoryEntry { seq: row.int(0)?, at: Timestamp(row.int(1)?), event: json(row, 2)? })
        },
    )
}

/// Something that happened to some payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Which payment.
    pub payment: PaymentKey,
    /// What happened, and when.
    pub entry: HistoryEntry,
}

/// What happened to all payments at or after `since`, oldest first, at most `limit`.
pub fn happenings(
    tx: &mut dyn Tx,
    since: Timestamp,
    project: Option<ProjectId>,
    limit: i64,
) -> Result<Vec<Happening>> {
    tx.query_all(
        "SELECT lane, project, payment, seq, at, body FROM event \
         WHERE at >= $1 AND (CAST($2 AS BIGINT) IS NULL OR project = $2) \
         ORDER BY at, lane, project, payment, seq LIMIT $3",
        params![since.0, project.map(|project| project.0), limit],
        |row| {
            let entry =
                HistoryEntry { seq: row.int(3)?, at: Timestamp(row.int(4)?), event: json(row, 5)? };
            Ok(Happening { payment: read_key(row)?, entry })
        },
    )
}

/// How many payments have ended successfully, and how long they took on average: the base time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseTime {
    /// Payments counted.
    pub payments: i64,
    /// Mean milliseconds from acceptance to the result.
    pub mean_ms: i64,
}

/// The base time of a project over its newest `last` successful payments.
pub fn base_time(tx: &mut dyn Tx, project: ProjectId, last: i64) -> Result<BaseTime> {
    tx.query_one(
        "SELECT count(*), coalesce(sum(took), 0) FROM ( \
           SELECT finished_at - created_at AS took FROM payment \
           WHERE project = $1 AND captured > 0 AND finished_at IS NOT NULL \
           ORDER BY created_at DESC LIMIT $2) AS newest",
        params![project.0, last],
        |row| {
            let (payments, total): (i64, i64) = (row.int(0)?, row.int(1)?);
            Ok(BaseTime { payments, mean_ms: total.checked_div(payments).unwrap_or(0) })
        },
    )
}

/// Payments whose sums do not follow from their operations, by key order after `after`, in pages:
/// the auditor loads each of them and compares. Returns the keys of one page.
pub fn page_of_keys(
    tx: &mut dyn Tx,
    after: Option<&PaymentKey>,
    limit: i64,
) -> Result<Vec<PaymentKey>> {
    let (project, payment) =
        after.map_or((i64::MIN, ""), |key| (key.project().0, key.payment().0.as_str()));
    tx.query_all(
        "SELECT lane, project, payment FROM payment \
         WHERE (project, payment) > ($1, $2) ORDER BY project, payment LIMIT $3",
        params![project, payment, limit],
        read_key,
    )
}

/// The stored sums of a payment: captured, refunded, refunding, in minor units.
pub fn stored_sums(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Option<(i64, i64, i64)>> {
    tx.query_opt(
        "SELECT captured, refunded, refunding FROM payment \
         WHERE lane = $1 AND project = $2 AND payment = $3",
        params![key.lane().number(), key.project().0, &key.payment().0],
        |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)),
    )
}

fn insert(tx: &mut dyn Tx, payment: &Payment) -> Result<()> {
    let key = &payment.key;
    let balance = payment.balance();
    tx.execute(
        "INSERT INTO payment (lane, project, payment, version, status, amount, currency, \
         captured, refunded, refunding, terms, created_at, updated_at, finished_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL)",
        params![
            key.lane().number(),
            key.project().0,
            &key.payment().0,
            payment.version,
            payment.status().name(),
            payment.terms.amount.minor(),
            payment.terms.amount.currency().code(),
            balance.captured,
            balance.refunded,
            balance.refunding,
            &to_json(&payment.terms)?,
            payment.created().0,
            payment.updated().0
        ],
    )?;
    insert_sale(tx, payment, &payment.sale)
}

fn update(tx: &mut dyn Tx, before: &Payment, after: &Payment) -> Result<()> {
    let key = &after.key;
    let balance = after.balance();
    tx.execute(
        "UPDATE payment SET version = $1, status = $2, captured = $3, refunded = $4, \
         refunding = $5, updated_at = $6, finished_at = coalesce(finished_at, $7) \
         WHERE lane = $8 AND project = $9 AND payment = $10",
        params![
            after.version,
            after.status().name(),
            balance.captured,
            balance.refunded,
            balance.refunding,
            after.updated().0,
            finished(&after.sale).map(|at| at.0),
            key.lane().number(),
            key.project().0,
            &key.payment().0
        ],
    )?;
    for sale in after.sales() {
        match before.attempt(sale.id) {
            None => insert_sale(tx, after, sale)?,
            Some(earlier) if earlier != sale => {
                update_operation(tx, key, sale.id, &to_json(&SaleRow::of(sale))?, sale.updated)?;
            }
            Some(_) => {}
        }
    }
    for refund in &after.refunds {
        match before.refund(refund.id) {
            None => insert_refund(tx, key, refund)?,
            Some(earlier) if earlier != refund => {
                update_operation(tx, key, refund.id, &to_json(&refund.state)?, refund.updated)?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn finished(sale: &Sale) -> Option<Timestamp> {
    (!sale.state.is_open()).then_some(sale.updated)
}

/// The changing part of a sale as stored.
#[derive(Serialize, Deserialize)]
struct SaleRow {
    /// Those that were stored before there could be more are the first.
    #[serde(default = "first")]
    attempt: u32,
    state: SaleState,
    last_question_asked: bool,
}

const fn first() -> u32 {
    1
}

impl SaleRow {
    fn of(sale: &Sale) -> Self {
        Self {
            attempt: sale.attempt,
            state: sale.state.clone(),
            last_question_asked: sale.last_question_asked,
        }
    }
}

/// The part of a refund that never changes, as stored.
#[derive(Serialize, Deserialize)]
struct RefundDetail {
    origin: RefundOrigin,
    description: Option<String>,
    callback: CallbackPreference,
}

fn insert_sale(tx: &mut dyn Tx, payment: &Payment, sale: &Sale) -> Result<()> {
    insert_operation(
        tx,
        &payment.key,
        &OperationRow {
            kind: SALE,
            id: sale.id,
            sale: None,
            request: &sale.request,
            reference: &sale.reference,
            merchant_refund_id: None,
            amount: payment.terms.amount,
            converted: payment.terms.converted,
            state: to_json(&SaleRow::of(sale))?,
            detail: String::new(),
            created: sale.created,
            updated: sale.updated,
        },
    )
}

fn insert_refund(tx: &mut dyn Tx, key: &PaymentKey, refund: &Refund) -> Result<()> {
    insert_operation(
        tx,
        key,
        &OperationRow {
            kind: REFUND,
            id: refund.id,
            sale: Some(refund.sale),
            request: &refund.request,
            reference: &refund.reference,
            merchant_refund_id: refund.merchant_refund_id.as_deref(),
            amount: refund.amount,
            converted: refund.converted,
            state: to_json(&refund.state)?,
            detail: to_json(&RefundDetail {
                origin: refund.origin,
                description: refund.description.clone(),
                callback: refund.callback.clone(),
            })?,
            created: refund.created,
            updated: refund.updated,
        },
    )
}

struct OperationRow<'a> {
    kind: &'static str,
    id: OperationId,
    sale: Option<OperationId>,
    request: &'a RequestId,
    reference: &'a ProviderReference,
    merchant_refund_id: Option<&'a str>,
    amount: Amount,
    converted: Amount,
    state: String,
    detail: String,
    created: Timestamp,
    updated: Timestamp,
}

fn insert_operation(tx: &mut dyn Tx, key: &PaymentKey, row: &OperationRow<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO operation (lane, project, payment, operation, kind, request, reference, \
         merchant_refund_id, amount, converted, state, detail, created_at, updated_at, sale) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            key.lane().number(),
            key.project().0,
            &key.payment().0,
            row.id.0,
            row.kind,
            &row.request.0,
            &row.reference.0,
            row.merchant_refund_id,
            row.amount.minor(),
            row.converted.minor(),
            &row.state,
            &row.detail,
            row.created.0,
            row.updated.0,
            row.sale.map(|sale| sale.0)
        ],
    )?;
    Ok(())
}

fn update_operation(
    tx: &mut dyn Tx,
    key: &PaymentKey,
    id: OperationId,
    state: &str,
    updated: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE operation SET state = $1, updated_at = $2 \
         WHERE lane = $3 AND project = $4 AND payment = $5 AND operation = $6",
        params![state, updated.0, key.lane().number(), key.project().0, &key.payment().0, id.0],
    )?;
    Ok(())
}

fn read_sale(row: &dyn Row) -> Result<Sale> {
    let SaleRow { attempt, state, last_question_asked } = json(row, 7)?;
    Ok(Sale {
        id: OperationId(row.int(1)?),
        attempt,
        request: RequestId(row.text(2)?.to_owned()),
        reference: ProviderReference(row.text(3)?.to_owned()),
        created: Timestamp(row.int(9)?),
        updated: Timestamp(row.int(10)?),
        last_question_asked,
        state,
    })
}

fn read_refund(row: &dyn Row, terms: &Terms) -> Result<Refund> {
    let RefundDetail { origin, description, callback } = json(row, 8)?;
    Ok(Refund {
        id: OperationId(row.int(1)?),
        sale: OperationId(row.int(11)?),
        request: RequestId(row.text(2)?.to_owned()),
        reference: ProviderReference(row.text(3)?.to_owned()),
        merchant_refund_id: row.opt_text(4)?.map(str::to_owned),
        origin,
        amount: amount(row, 5, terms.amount.currency())?,
        converted: amount(row, 6, terms.converted.currency())?,
        description,
        callback,
        created: Timestamp(row.int(9)?),
        updated: Timestamp(row.int(10)?),
        state: json::<RefundState>(row, 7)?,
    })
}

fn amount(row: &dyn Row, column: usize, currency: Currency) -> Result<Amount> {
    Amount::new(row.int(column)?, currency)
        .map_err(|error| row.malformed(column, error.to_string()))
}

fn json<T: DeserializeOwned>(row: &dyn Row, column: usize) -> Result<T> {
    serde_json::from_str(row.text(column)?)
        .map_err(|error| row.malformed(column, error.to_string()))
}

fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Encode { source: std::sync::Arc::new(error) })
}
