//! Which scenario an order lives in, and how the next call about it is answered.

use rusqlite::{OptionalExtension as _, params};

use crate::scenario::{self, Answer, Scenario, answer_at};
use crate::store::{Session, StoreError, text_enum};

text_enum! {
    /// An endpoint whose answers scenarios bend.
    Endpoint {
        Initiate = "initiate",
        Status = "status",
        Refund = "refund",
        RefundStatus = "refund_status",
    }
}

/// How the next call of `endpoint` about this order is answered. Counts the call if that matters.
pub(crate) fn next_answer(
    session: &Session<'_>,
    scenario: &Scenario,
    order_id: &str,
    endpoint: Endpoint,
) -> Result<Answer, StoreError> {
    let behaviour = &scenario.behaviour;
    let answers = match endpoint {
        Endpoint::Initiate => behaviour.initiate_answers,
        Endpoint::Status => behaviour.status_answers,
        Endpoint::Refund => behaviour.refund_answers,
        Endpoint::RefundStatus => behaviour.refund_status_answers,
    };
    let call = if answers.len() > 1 { earlier_calls(session, order_id, endpoint)? } else { 0 };
    Ok(answer_at(answers, call))
}

/// How many calls came before this one, which is counted.
fn earlier_calls(
    session: &Session<'_>,
    order_id: &str,
    endpoint: Endpoint,
) -> Result<u32, StoreError> {
    Ok(session
        .sql
        .prepare_cached(
            "INSERT INTO calls (order_id, endpoint, count) VALUES (?1, ?2, 1) \
             ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count - 1",
        )?
        .query_row(params![order_id, endpoint], |row| row.get(0))?)
}

/// The scenario that the admin interface chose for an order.
pub(crate) fn chosen(
    session: &Session<'_>,
    order_id: &str,
) -> Result<Option<&'static Scenario>, StoreError> {
    let name: Option<String> = session
        .sql
        .prepare_cached("SELECT scenario FROM chosen_scenarios WHERE order_id = ?1")?
        .query_row([order_id], |row| row.get(0))
        .optional()?;
    Ok(name.and_then(|name| scenario::by_name(&name)))
}

/// Chooses the scenario of an order, whether or not it exists yet.
pub(crate) fn choose(
    session: &Session<'_>,
    order_id: &str,
    scenario: &'static Scenario,
) -> Result<(), StoreError> {
    session
        .sql
        .prepare_cached(
            "INSERT OR REPLACE INTO chosen_scenarios (order_id, scenario) VALUES (?1, ?2)",
        )?
        .execute([order_id, scenario.name])?;
    session
        .sql
        .prepare_cached("UPDATE orders SET scenario = ?2 WHERE order_id = ?1")?
        .execute([order_id, scenario.name])?;
    Ok(())
}
