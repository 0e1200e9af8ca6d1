//! What customers and banks do to an order.

use crate::bank::ledger;
use crate::bank::notice;
use crate::bank::order::{Event, Order, Payer, State};
use crate::bank::wallet;
use crate::clock::Millis;
use crate::code;
use crate::scenario::{Bank, Customer, by_phone};
use crate::store::{Session, StoreError};

/// What a customer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Pay(Payer),
    /// Goes away without paying.
    Leave,
    /// Refuses on the phone, or the bank does.
    Decline(Payer, String),
}

/// The customer sees the page. Does nothing to an order that is past that.
pub(crate) fn open_page(session: &Session<'_>, order: &mut Order) -> Result<(), StoreError> {
    if order.state == State::Initiated {
        order.state = State::PageOpen;
        code::INCOMPLETE.clone_into(&mut order.code);
        order.save(session)?;
    }
    Ok(())
}

/// The customer logs in to a wallet: a phone that names a scenario chooses it, unless the order
/// has one.
pub(crate) fn log_in(
    session: &Session<'_>,
    order: &mut Order,
    phone: &str,
) -> Result<(), StoreError> {
    if let Some(scenario) = by_phone(phone).filter(|_| order.scenario.number == 0) {
        order.scenario = scenario;
        order.save(session)?;
    }
    Ok(())
}

/// The merchant asks for the status; the customer of one scenario has waited for that.
pub(crate) fn status_was_asked(session: &Session<'_>, order: &mut Order) -> Result<(), StoreError> {
    if order.scenario.behaviour.customer == Customer::PaysOnStatus {
        let payer = order.automatic_payer();
        attempt(session, order, Attempt::Pay(payer))?;
    }
    Ok(())
}

/// Carries out what the customer does. Does nothing to an order that is no longer open, so a
/// doubled click has one effect.
pub(crate) fn attempt(
    session: &Session<'_>,
    order: &mut Order,
    attempt: Attempt,
) -> Result<(), StoreError> {
    if !order.is_open() {
        return Ok(());
    }
    match attempt {
        Attempt::Leave => end(session, order, code::NOT_COMPLETED),
        Attempt::Decline(payer, code) => {
            order.payer = Some(payer);
            order.attempted_at = Some(session.now);
            end(session, order, &code)
        }
        Attempt::Pay(payer) => {
            order.payer = Some(payer);
            order.attempted_at = Some(session.now);
            ask_bank(session, order)
        }
    }
}

fn ask_bank(session: &Session<'_>, order: &mut Order) -> Result<(), StoreError> {
    match order.scenario.behaviour.bank {
        Bank::Honest => end(session, order, code::SUCCESS),
        Bank::Declines(code) => end(session, order, code),
        Bank::Silent => wait(session, order, None),
        Bank::Ponders(time, code) => wait(session, order, Some((time, code))),
        Bank::ChangesItsMind(time) => {
            end(session, order, code::DECLINED)?;
            order.due = Some(later(session, time, code::SUCCESS));
            order.save(session)
        }
    }
}

fn wait(
    session: &Session<'_>,
    order: &mut Order,
    until: Option<(Millis, &str)>,
) -> Result<(), StoreError> {
    order.state = State::Pending;
    code::INCOMPLETE.clone_into(&mut order.code);
    order.due = until.map(|(time, code)| later(session, time, code));
    order.save(session)
}

fn later(session: &Session<'_>, time: Millis, code: &str) -> (Millis, Event) {
    (session.now.saturating_add(time), Event::Ends(code.to_owned()))
}

/// The payment is over: with [`code::SUCCESS`] the money moves (if the wallet has it), with any
/// other code it does not. Either way the merchant is notified.
pub(crate) fn end(session: &Session<'_>, order: &mut Order, code: &str) -> Result<(), StoreError> {
    let code =
        if code == code::SUCCESS && !capture(session, order)? { code::LOW_BALANCE } else { code };
    order.state = if code == code::SUCCESS { State::Success } else { State::Failure };
    code.clone_into(&mut order.code);
    order.due = None;
    order.save(session)?;
    notice::payment_ended(session, order)
}

/// Nobody acted while the token lived. The merchant is not told; the status says so when asked.
pub(crate) fn close_session(session: &Session<'_>, order: &mut Order) -> Result<(), StoreError> {
    order.state = State::Failure;
    code::NOT_COMPLETED.clone_into(&mut order.code);
    order.due = None;
    order.save(session)
}

/// Moves the money to the merchant; `false` if the wallet has too little.
fn capture(session: &Session<'_>, order: &Order) -> Result<bool, StoreError> {
    let payer = order.payer.clone().unwrap_or(order.automatic_payer());
    let has_money = match &payer {
        Payer::Wallet(phone) => wallet::take(session, phone, order.amount)?,
        Payer::Upi(_) => true,
    };
    if has_money {
        let merchant = ledger::merchant_account(&order.mid);
        ledger::record(session, Some(order), None, &payer.account(), &merchant, order.amount)?;
    }
    Ok(has_money)
}
