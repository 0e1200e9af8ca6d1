//! What happens later: one row for each thing to do, with its time.

use domain::decision::JobKind;
use domain::id::{Lane, OperationId, PaymentId, PaymentKey, ProjectId};
use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// Something to do for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// What the rules asked for.
    Rule(JobKind),
    /// Deliver the oldest callback that waits.
    DeliverCallback,
}

/// Names a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The payment.
    pub payment: PaymentKey,
    /// What to do for it.
    pub work: Work,
}

/// A job and its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// When.
    pub due: Timestamp,
    /// What.
    pub key: JobKey,
}

/// Plans a job, or moves it to another time.
pub fn schedule(tx: &mut dyn Tx, key: &PaymentKey, work: Work, due: Timestamp) -> Result<()> {
    let (kind, operation) = to_columns(work);
    tx.execute(
        "INSERT INTO job (lane, project, payment, kind, operation, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (lane, project, payment, kind, operation) \
         DO UPDATE SET due_at = excluded.due_at",
        params![key.lane().number(), key.project().0, &key.payment().0, kind, operation, due.0],
    )?;
    Ok(())
}

/// Forgets a job.
pub fn cancel(tx: &mut dyn Tx, key: &PaymentKey, work: Work) -> Result<()> {
    let (kind, operation) = to_columns(work);
    tx.execute(
        "DELETE FROM job WHERE lane = $1 AND project = $2 AND payment = $3 AND kind = $4 \
         AND operation = $5",
        params![key.lane().number(), key.project().0, &key.payment().0, kind, operation],
    )?;
    Ok(())
}

/// Jobs due at or before `until`, oldest first, at most `limit`.
pub fn due(tx: &mut dyn Tx, until: Timestamp, limit: i64) -> Result<Vec<Job>> {
    tx.query_all(
        "SELECT lane, project, payment, kind, operation, due_at FROM job \
         WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        params![until.0, limit],
        read,
    )
}

/// The jobs of one payment.
pub fn of_payment(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Vec<Job>> {
    tx.query_all(
        "SELECT lane, project, payment, kind, operation, due_at FROM job \
         WHERE lane = $1 AND project = $2 AND payment = $3 ORDER BY due_at",
        params![key.lane().number(), key.project().0, &key.payment().0],
        read,
    )
}

/// How many jobs are due at or before `until`, and when the first of them is.
pub fn overdue(tx: &mut dyn Tx, until: Timestamp) -> Result<(i64, Option<Timestamp>)> {
    tx.query_one(
        "SELECT count(*), min(due_at) FROM job WHERE due_at <= $1",
        params![until.0],
        |row| Ok((row.int(0)?, row.opt_int(1)?.map(Timestamp))),
    )
}

/// How many jobs there are.
pub fn count(tx: &mut dyn Tx) -> Result<i64> {
    tx.query_one("SELECT count(*) FROM job", params![], |row| row.int(0))
}

pub(crate) fn read_key(row: &dyn Row) -> Result<PaymentKey> {
    let lane: i64 = row.int(0)?;
    let key = PaymentKey::new(ProjectId(row.int(1)?), PaymentId(row.text(2)?.to_owned()));
    if Lane::from_number(lane) != Some(key.lane()) {
        return Err(row.malformed(0, format!("lane {lane} is not the lane of {key}")));
    }
    Ok(key)
}

fn read(row: &dyn Row) -> Result<Job> {
    let operation = OperationId(row.int(4)?);
    let work = match row.text(3)? {
        "initiate_sale" => Work::Rule(JobKind::InitiateSale(operation)),
        "ask_sale" => Work::Rule(JobKind::AskSale(operation)),
        "limit_sale" => Work::Rule(JobKind::LimitSale),
        "refund" => Work::Rule(JobKind::Refund(operation)),
        "give_back" => Work::Rule(JobKind::GiveBack(operation)),
        "callback" => Work::DeliverCallback,
        unknown => return Err(row.malformed(3, format!("no such kind of job: {unknown}"))),
    };
    Ok(Job { due: Timestamp(row.int(5)?), key: JobKey { payment: read_key(row)?, work } })
}

fn to_columns(work: Work) -> (&'static str, i64) {
    match work {
        Work::Rule(JobKind::InitiateSale(sale)) => ("initiate_sale", sale.0),
        Work::Rule(JobKind::AskSale(sale)) => ("ask_sale", sale.0),
        Work::Rule(JobKind::LimitSale) => ("limit_sale", 0),
        Work::Rule(JobKind::Refund(operation)) => ("refund", operation.0),
        Work::Rule(JobKind::GiveBack(sale)) => ("give_back", sale.0),
        Work::DeliverCallback => ("callback", 0),
    }
}
