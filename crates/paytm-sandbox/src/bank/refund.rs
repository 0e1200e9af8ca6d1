//! Refunds: asked for, accepted (taken from the merchant), credited to the customer.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::bank::ledger::{self, REFUNDS, merchant_account};
use crate::bank::notice;
use crate::bank::order::{Order, Payer, State, transaction_id};
use crate::bank::wallet;
use crate::clock::Millis;
use crate::code;
use crate::paise::Paise;
use crate::scenario::RefundFate;
use crate::store::{Session, StoreError, text_enum};

text_enum! {
    RefundState {
        Requested = "requested",
        Accepted = "accepted",
        Credited = "credited",
        /// Never accepted: the merchant has no funds.
        Rejected = "rejected",
        /// Accepted, then given back to the merchant.
        Failed = "failed",
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) number: i64,
    pub(crate) ref_id: String,
    pub(crate) mid: String,
    pub(crate) order_number: i64,
    pub(crate) amount: Paise,
    pub(crate) state: RefundState,
    pub(crate) code: String,
    pub(crate) requested_at: Millis,
    pub(crate) accepted_at: Option<Millis>,
    pub(crate) credited_at: Option<Millis>,
    pub(crate) due_at: Option<Millis>,
}

/// Which refund a merchant speaks of.
#[derive(Debug)]
pub(crate) struct RefundIds {
    pub(crate) mid: String,
    pub(crate) order_id: String,
    pub(crate) txn_id: String,
    /// The merchant's own id of the refund.
    pub(crate) ref_id: String,
}

/// A refund as a merchant asks for it.
#[derive(Debug)]
pub(crate) struct NewRefund {
    pub(crate) ids: RefundIds,
    pub(crate) amount: Paise,
    pub(crate) pace: Pace,
}

/// Which of Paytm's two refund calls it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Registered; the outcome comes later.
    Asynchronous,
    /// Carried through before the answer, if the scenario lets it.
    Synchronous,
}

const COLUMNS: &str = "number, ref_id, mid, order_number, amount, state, code, requested_at, \
                       accepted_at, credited_at, due_at";

/// Asks for a refund of an order. The same `ref_id` again returns the refund that exists.
///
/// The inner error is the code of the refusal.
pub(crate) fn ask(
    session: &Session<'_>,
    order: &Order,
    new: &NewRefund,
) -> Result<Result<Refund, &'static str>, StoreError> {
    if order.txn_id() != new.ids.txn_id {
        return Ok(Err(code::REFUND_MISMATCH));
    }
    if let Some(existing) = find(session, &new.ids.mid, &new.ids.ref_id)? {
        let same = existing.order_number == order.number && existing.amount == new.amount;
        return Ok(if same { Ok(existing) } else { Err(code::REFUND_MISMATCH) });
    }
    if let Some(refusal) = refusal(session, order, new.amount)? {
        return Ok(Err(refusal));
    }
    let mut refund = insert(session, order, new)?;
    if new.pace == Pace::Synchronous && order.scenario.behaviour.refund == RefundFate::Credited {
        while refund.due_at.is_some() {
            proceed(session, &mut refund)?;
        }
    }
    Ok(Ok(refund))
}

/// Why no new refund of this amount may be made of the order now.
fn refusal(
    session: &Session<'_>,
    order: &Order,
    amount: Paise,
) -> Result<Option<&'static str>, StoreError> {
    if order.state != State::Success {
        return Ok(Some(code::REFUND_NOT_PAID));
    }
    let refunds = of_order(session, order)?;
    let live =
        |refund: &&Refund| !matches!(refund.state, RefundState::Rejected | RefundState::Failed);
    let taken = refunds.iter().filter(live).fold(Paise(0), |sum, refund| sum.plus(refund.amount));
    let recent = session.now.saturating_sub(session.config.equal_refund_window_ms);
    let repeated = refunds
        .iter()
        .filter(live)
        .any(|refund| refund.amount == amount && refund.requested_at > recent);
    let in_progress = refunds
        .iter()
        .any(|refund| matches!(refund.state, RefundState::Requested | RefundState::Accepted));
    let refused = match order.scenario.behaviour.refund {
        RefundFate::Refused(code) => Some(code),
        RefundFate::Credited
        | RefundFate::CreditedAfter(_)
        | RefundFate::Unfunded
        | RefundFate::FailsAtBank
        | RefundFate::Pending => None,
    };
    Ok(if amount < Paise::RUPEE && amount != order.amount {
        Some(code::REFUND_TOO_SMALL)
    } else if taken.plus(amount) > order.amount {
        Some(code::REFUND_TOO_MUCH)
    } else if repeated {
        Some(code::REFUND_REPEATED)
    } else if in_progress {
        Some(code::REFUND_IN_PROGRESS)
    } else {
        refused
    })
}

/// The next step of a refund: acceptance, then credit.
pub(crate) fn proceed(session: &Session<'_>, refund: &mut Refund) -> Result<(), StoreError> {
    let order = Order::by_number(session, refund.order_number)?;
    let fate = order.scenario.behaviour.refund;
    let merchant = merchant_account(&refund.mid);
    let ref_id = Some(refund.ref_id.as_str());
    refund.due_at = None;
    match (refund.state, fate) {
        (RefundState::Requested, RefundFate::Unfunded) => {
            refund.state = RefundState::Rejected;
            code::REFUND_NO_FUNDS.clone_into(&mut refund.code);
        }
        (RefundState::Requested, _) => {
            ledger::record(session, Some(&order), ref_id, &merchant, REFUNDS, refund.amount)?;
            refund.state = RefundState::Accepted;
            refund.accepted_at = Some(session.now);
            refund.due_at = Some(refund.requested_at.saturating_add(time_to_credit(session, fate)));
        }
        (RefundState::Accepted, RefundFate::FailsAtBank) => {
            ledger::record(session, Some(&order), ref_id, REFUNDS, &merchant, refund.amount)?;
            refund.state = RefundState::Failed;
            code::REFUND_INVALID.clone_into(&mut refund.code);
        }
        (RefundState::Accepted, _) => {
            let payer = order.payer.clone().unwrap_or(order.automatic_payer());
            let account = payer.account();
            ledger::record(session, Some(&order), ref_id, REFUNDS, &account, refund.amount)?;
            if let Payer::Wallet(phone) = &payer {
                wallet::add(session, phone, refund.amount)?;
            }
            refund.state = RefundState::Credited;
            refund.credited_at = Some(session.now);
            code::REFUND_DONE.clone_into(&mut refund.code);
        }
        (RefundState::Credited | RefundState::Rejected | RefundState::Failed, _) => {}
    }
    save(session, refund)?;
    notice::refund_moved(session, &order, refund)
}

fn time_to_credit(session: &Session<'_>, fate: RefundFate) -> Millis {
    match fate {
        RefundFate::CreditedAfter(time) => time,
        RefundFate::Credited
        | RefundFate::Refused(_)
        | RefundFate::Unfunded
        | RefundFate::FailsAtBank
        | RefundFate::Pending => session.config.refund_delay_ms,
    }
}

pub(crate) fn find(
    session: &Session<'_>,
    mid: &str,
    ref_id: &str,
) -> Result<Option<Refund>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM refunds WHERE ref_id = ?1 AND mid = ?2");
    Ok(session.sql.prepare_cached(&sql)?.query_row([ref_id, mid], Refund::from_row).optional()?)
}

pub(crate) fn of_order(session: &Session<'_>, order: &Order) -> Result<Vec<Refund>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM refunds WHERE order_number = ?1 ORDER BY number");
    let mut statement = session.sql.prepare_cached(&sql)?;
    let refunds = statement.query_map([order.number], Refund::from_row)?;
    Ok(refunds.collect::<Result<_, _>>()?)
}

/// What has been credited of an order's amount.
pub(crate) fn credited(session: &Session<'_>, order: &Order) -> Result<Paise, StoreError> {
    if order.state != State::Success {
        return Ok(Paise(0));
    }
    Ok(session
        .sql
        .prepare_cached(
            "SELECT COALESCE(SUM(amount), 0) FROM refunds \
             WHERE order_number = ?1 AND state = 'credited'",
        )?
        .query_row([order.number], |row| row.get(0))?)
}

fn insert(session: &Session<'_>, order: &Order, new: &NewRefund) -> Result<Refund, StoreError> {
    let fate = order.scenario.behaviour.refund;
    let accepted_at = session.now.saturating_add(time_to_credit(session, fate) / 2);
    let due_at = (fate != RefundFate::Pending).then_some(accepted_at);
    session
        .sql
        .prepare_cached(
            "INSERT INTO refunds (ref_id, mid, order_number, amount, state, code, requested_at, \
             due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            new.ids.ref_id,
            new.ids.mid,
            order.number,
            new.amount,
            RefundState::Requested,
            code::REFUND_PENDING,
            session.now,
            due_at
        ])?;
    Ok(Refund {
        number: session.sql.last_insert_rowid(),
        ref_id: new.ids.ref_id.clone(),
        mid: new.ids.mid.clone(),
        order_number: order.number,
        amount: new.amount,
        state: RefundState::Requested,
        code: code::REFUND_PENDING.to_owned(),
        requested_at: session.now,
        accepted_at: None,
        credited_at: None,
        due_at,
    })
}

fn save(session: &Session<'_>, refund: &Refund) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached(
            "UPDATE refunds SET state = ?2, code = ?3, accepted_at = ?4, credited_at = ?5, \
             due_at = ?6 WHERE number = ?1",
        )?
        .execute(params![
            refund.number,
            refund.state,
            refund.code,
            refund.accepted_at,
            refund.credited_at,
            refund.due_at
        ])?;
    Ok(())
}

impl Refund {
    /// Paytm's own id of the refund, 35 digits.
    pub(crate) fn refund_id(&self) -> String {
        transaction_id(self.requested_at, self.number)
    }

    /// The refunds whose next step has come.
    pub(crate) fn due(session: &Session<'_>) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM refunds WHERE due_at <= ?1 ORDER BY due_at");
        let mut statement = session.sql.prepare_cached(&sql)?;
        let refunds = statement.query_map([session.now], Self::from_row)?;
        Ok(refunds.collect::<Result<_, _>>()?)
    }

    /// The newest refunds, for people.
    pub(crate) fn latest(session: &Session<'_>, count: u32) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM refunds ORDER BY number DESC LIMIT ?1");
        let mut statement = session.sql.prepare_cached(&sql)?;
        let refunds = statement.query_map([count], Self::from_row)?;
        Ok(refunds.collect::<Result<_, _>>()?)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            ref_id: row.get("ref_id")?,
            mid: row.get("mid")?,
            order_number: row.get("order_number")?,
            amount: row.get("amount")?,
            state: row.get("state")?,
            code: row.get("code")?,
            requested_at: row.get("requested_at")?,
            accepted_at: row.get("accepted_at")?,
            credited_at: row.get("credited_at")?,
            due_at: row.get("due_at")?,
        })
    }
}
