//! Notifications: what is queued for a merchant's server when a payment ends or a refund moves.
//!
//! The text is signed once, here; every attempt to deliver it sends the same bytes.

use rusqlite::{Row, params};
use serde::Serialize;

use crate::bank::merchant;
use crate::bank::order::Order;
use crate::bank::refund::{self, Refund, RefundState};
use crate::clock::{Millis, SECOND};
use crate::config::{Merchant, NotificationFormat};
use crate::message::payment::Report;
use crate::message::refund::{AcceptNotification, RefundReport};
use crate::message::{self, seal_fields};
use crate::paise::Paise;
use crate::scenario::{Notice, RefundNotices, Seal};
use crate::store::{Session, StoreError};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A notification on its way.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) number: i64,
    pub(crate) order_id: String,
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
    pub(crate) attempts: u32,
}

/// Queues what the order's scenario sends about the end of its payment.
pub(crate) fn payment_ended(session: &Session<'_>, order: &Order) -> Result<(), StoreError> {
    let Some(merchant) = merchant::find(session, &order.mid)? else { return Ok(()) };
    let Some(url) = &merchant.notification_url else { return Ok(()) };
    for notice in order.scenario.behaviour.notices {
        let (content_type, body) = payment_body(session, &merchant, order, notice)?;
        let at = session.now.saturating_add(notice.delay);
        enqueue(session, &order.order_id, "payment", url, content_type, &body, at)?;
    }
    Ok(())
}

fn payment_body(
    session: &Session<'_>,
    merchant: &Merchant,
    order: &Order,
    notice: &Notice,
) -> Result<(&'static str, String), StoreError> {
    let report = Report::of(order, Paise(0), notice.lie);
    Ok(match merchant.notification_format {
        NotificationFormat::Form => {
            let fields = seal_fields(report.notification(), &merchant.key, notice.seal)?;
            (FORM, message::form(&fields))
        }
        NotificationFormat::Json => {
            let body = report.json_notification();
            (JSON, message::json(session.now, None, Some(&merchant.key), notice.seal, &body)?)
        }
    })
}

/// Queues what the order's scenario sends about a refund that was accepted, rejected or credited.
/// A refund that fails after its acceptance has no notification.
pub(crate) fn refund_moved(
    session: &Session<'_>,
    order: &Order,
    refund: &Refund,
) -> Result<(), StoreError> {
    let Some(merchant) = merchant::find(session, &order.mid)? else { return Ok(()) };
    let Some(url) = merchant.refund_notification_url() else { return Ok(()) };
    let (kind, body) = match refund.state {
        RefundState::Accepted | RefundState::Rejected => {
            let body = AcceptNotification::of(order, refund);
            ("refund_accepted", refund_body(session, &merchant, &body)?)
        }
        RefundState::Credited => {
            let total = refund::credited(session, order)?;
            let body = RefundReport::of(order, refund, total).credited();
            ("refund_credited", refund_body(session, &merchant, &body)?)
        }
        RefundState::Requested | RefundState::Failed => return Ok(()),
    };
    let (copies, delay) = match order.scenario.behaviour.refund_notices {
        RefundNotices::InOrder => (1, 0),
        RefundNotices::Twice => (2, 0),
        RefundNotices::Missing => (0, 0),
        RefundNotices::Reordered => (1, after_the_credit(session, refund)),
    };
    for _ in 0..copies {
        let at = session.now.saturating_add(delay);
        enqueue(session, &order.order_id, kind, url, JSON, &body, at)?;
    }
    Ok(())
}

/// How long an acceptance must be held back to arrive after the credit.
fn after_the_credit(session: &Session<'_>, refund: &Refund) -> Millis {
    refund.due_at.map_or(0, |credit| credit.saturating_sub(session.now).saturating_add(SECOND))
}

fn refund_body(
    session: &Session<'_>,
    merchant: &Merchant,
    body: &impl Serialize,
) -> Result<String, StoreError> {
    message::json(session.now, None, Some(&merchant.key), Seal::Right, body)
}

fn enqueue(
    session: &Session<'_>,
    order_id: &str,
    kind: &str,
    url: &str,
    content_type: &str,
    body: &str,
    at: Millis,
) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached(
            "INSERT INTO webhooks (order_id, kind, url, content_type, body, created_at, due_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![order_id, kind, url, content_type, body, session.now, at])?;
    Ok(())
}

/// Takes the longest due notifications, those of an order together and in their order. One whose
/// outcome is never reported is due again after `lease`.
pub(crate) fn take_due(
    session: &Session<'_>,
    count: u32,
    lease: Millis,
) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = session.sql.prepare_cached(
        "UPDATE webhooks SET attempts = attempts + 1, due_at = ?2 WHERE number IN (
             SELECT number FROM webhooks WHERE due_at <= ?1 ORDER BY due_at, number LIMIT ?3
         ) RETURNING number, order_id, url, content_type, body, attempts",
    )?;
    let until = session.now.saturating_add(lease);
    let deliveries = statement.query_map(params![session.now, until, count], |row| {
        Ok(Delivery {
            number: row.get(0)?,
            order_id: row.get(1)?,
            url: row.get(2)?,
            content_type: row.get(3)?,
            body: row.get(4)?,
            attempts: row.get(5)?,
        })
    })?;
    let mut deliveries = deliveries.collect::<Result<Vec<_>, _>>()?;
    deliveries
        .sort_by(|one, other| (&one.order_id, one.number).cmp(&(&other.order_id, other.number)));
    Ok(deliveries)
}

/// Records how an attempt went: taken if the merchant answered 200, else due again after the next
/// pause of the plan, or given up.
pub(crate) fn attempted(
    session: &Session<'_>,
    delivery: &Delivery,
    result: &str,
) -> Result<(), StoreError> {
    let taken = result == TAKEN;
    let earlier = usize::try_from(delivery.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = session.config.webhook_retries_ms.get(earlier).filter(|_| !taken);
    session
        .sql
        .prepare_cached(
            "UPDATE webhooks SET due_at = ?2, delivered_at = ?3, last_result = ?4 \
             WHERE number = ?1",
        )?
        .execute(params![
            delivery.number,
            pause.map(|pause| session.now.saturating_add(*pause)),
            taken.then_some(session.now),
            result
        ])?;
    Ok(())
}

/// The result of an attempt that the merchant took.
pub(crate) const TAKEN: &str = "200";

/// A line of the log of notifications.
#[derive(Debug, Serialize)]
pub(crate) struct Logged {
    order_id: String,
    kind: String,
    url: String,
    content_type: String,
    body: String,
    created_at_ms: Millis,
    due_at_ms: Option<Millis>,
    attempts: i64,
    delivered_at_ms: Option<Millis>,
    last_result: Option<String>,
}

/// All notifications, or those of one order, oldest first.
pub(crate) fn log(
    session: &Session<'_>,
    order_id: Option<&str>,
) -> Result<Vec<Logged>, StoreError> {
    let mut statement = session.sql.prepare_cached(
        "SELECT * FROM webhooks WHERE ?1 IS NULL OR order_id = ?1 ORDER BY number",
    )?;
    let from_row = |row: &Row<'_>| {
        Ok(Logged {
            order_id: row.get("order_id")?,
            kind: row.get("kind")?,
            url: row.get("url")?,
            content_type: row.get("content_type")?,
            body: row.get("body")?,
            created_at_ms: row.get("created_at")?,
            due_at_ms: row.get("due_at")?,
            attempts: row.get("attempts")?,
            delivered_at_ms: row.get("delivered_at")?,
            last_result: row.get("last_result")?,
        })
    };
    let logged = statement.query_map([order_id], from_row)?.collect::<Result<_, _>>()?;
    Ok(logged)
}
