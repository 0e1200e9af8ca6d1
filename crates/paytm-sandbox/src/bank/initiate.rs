//! A new order, or the same one again.

use crate::bank::merchant;
use crate::bank::order::{Event, Order, State, UNTOUCHED};
use crate::bank::pay::{self, Attempt};
use crate::bank::plan::{self, Endpoint};
use crate::clock::{MINUTE, Millis};
use crate::code;
use crate::paise::Paise;
use crate::scenario::{self, Answer, Clues, Customer, Effect, Scenario};
use crate::store::{Session, StoreError};

/// The life of a token, and so the time a customer has.
pub(crate) const TOKEN_LIFE: Millis = 15 * MINUTE;

/// An order as a merchant asks for it, already checked.
#[derive(Debug)]
pub(crate) struct NewOrder {
    pub(crate) mid: String,
    pub(crate) order_id: String,
    pub(crate) amount: Paise,
    pub(crate) customer_id: String,
    pub(crate) mobile: String,
    pub(crate) callback_url: String,
    pub(crate) wallet: bool,
    pub(crate) upi: bool,
    /// 32 random hexadecimal digits, the first part of the token.
    pub(crate) token_digits: String,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Initiated {
    Created {
        token: String,
    },
    /// The same order with the same parameters, still open.
    Again {
        token: String,
    },
    /// The same order id with other parameters.
    Inconsistent,
    /// The order has been attempted or its session is over.
    Used,
}

/// Creates the order unless the scenario breaks the call first. The result is `None` if nothing
/// was done.
pub(crate) fn initiate(
    session: &Session<'_>,
    new: NewOrder,
) -> Result<(Answer, Option<Initiated>), StoreError> {
    let existing = Order::find(session, &new.mid, &new.order_id)?;
    let scenario = match &existing {
        Some(order) => order.scenario,
        None => scenario_of(session, &new)?,
    };
    let answer = plan::next_answer(session, scenario, &new.order_id, Endpoint::Initiate)?;
    if matches!(answer, Answer::Broken(_, Effect::Skipped)) {
        return Ok((answer, None));
    }
    let initiated = match existing {
        Some(order) => again(&order, &new),
        None => create(session, new, scenario)?,
    };
    Ok((answer, Some(initiated)))
}

fn again(order: &Order, new: &NewOrder) -> Initiated {
    let same = order.amount == new.amount
        && order.customer_id == new.customer_id
        && order.mobile == new.mobile
        && order.callback_url == new.callback_url
        && order.wallet == new.wallet
        && order.upi == new.upi;
    if !same {
        Initiated::Inconsistent
    } else if order.is_open() || is_automatic(order) {
        Initiated::Again { token: order.token.clone() }
    } else {
        Initiated::Used
    }
}

/// An order that was paid before its first answer arrived must still be repeatable, as it would be
/// if a person had paid it.
fn is_automatic(order: &Order) -> bool {
    !matches!(order.scenario.behaviour.customer, Customer::Person)
}

fn create(
    session: &Session<'_>,
    new: NewOrder,
    scenario: &'static Scenario,
) -> Result<Initiated, StoreError> {
    let (delay, event) = match scenario.behaviour.customer {
        Customer::PaysAfter(delay) => (delay, Event::CustomerPays),
        Customer::Person | Customer::PaysOnStatus | Customer::Leaves => {
            (TOKEN_LIFE, Event::Ends(code::NOT_COMPLETED.to_owned()))
        }
    };
    let token = format!("{}{:013}", new.token_digits, session.now);
    let mut order = Order {
        number: 0,
        order_id: new.order_id,
        mid: new.mid,
        amount: new.amount,
        customer_id: new.customer_id,
        mobile: new.mobile,
        callback_url: new.callback_url,
        wallet: new.wallet,
        upi: new.upi,
        token: token.clone(),
        created_at: session.now,
        scenario,
        state: State::Initiated,
        code: UNTOUCHED.to_owned(),
        payer: None,
        attempted_at: None,
        due: Some((session.now.saturating_add(delay), event)),
    }
    .insert(session)?;
    match scenario.behaviour.customer {
        Customer::PaysAfter(0) => {
            let payer = order.automatic_payer();
            pay::attempt(session, &mut order, Attempt::Pay(payer))?;
        }
        Customer::Leaves => pay::attempt(session, &mut order, Attempt::Leave)?,
        Customer::PaysAfter(_) | Customer::PaysOnStatus | Customer::Person => {}
    }
    Ok(Initiated::Created { token })
}

fn scenario_of(session: &Session<'_>, new: &NewOrder) -> Result<&'static Scenario, StoreError> {
    let clues = Clues {
        order_id: &new.order_id,
        customer_id: &new.customer_id,
        mobile: &new.mobile,
        amount: new.amount,
    };
    if let Some(scenario) = plan::chosen(session, &new.order_id)?.or_else(|| clues.scenario()) {
        return Ok(scenario);
    }
    let of_merchant = merchant::find(session, &new.mid)?.and_then(|merchant| merchant.scenario);
    Ok(of_merchant.and_then(|name| scenario::by_name(&name)).unwrap_or(scenario::normal()))
}
