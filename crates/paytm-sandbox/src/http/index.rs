//! Pages about the sandbox itself.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::app::App;
use crate::bank::ledger::{self, Account};
use crate::bank::order::Order;
use crate::bank::refund::Refund;
use crate::clock::date_time;
use crate::http::admin::{Admin, Refused};
use crate::http::html;
use crate::http::reply::{self, Failure};
use crate::paise::Paise;
use crate::scenario::SCENARIOS;

/// Orders, and refunds, on the page.
const LATEST: u32 = 50;

#[derive(Debug, Serialize)]
struct ScenarioRow {
    number: u8,
    name: &'static str,
    summary: &'static str,
    amount_inr: Option<String>,
    phone: Option<String>,
}

fn rows(written: fn(Paise) -> String) -> Vec<ScenarioRow> {
    SCENARIOS
        .iter()
        .map(|scenario| ScenarioRow {
            number: scenario.number,
            name: scenario.name,
            summary: scenario.summary,
            amount_inr: scenario.amount().map(written),
            phone: scenario.phone(),
        })
        .collect()
}

#[derive(Debug, Serialize)]
struct OrderRow {
    order_id: String,
    amount: String,
    state: &'static str,
    code: String,
    scenario: &'static str,
    at: String,
}

impl From<Order> for OrderRow {
    fn from(order: Order) -> Self {
        Self {
            order_id: order.order_id,
            amount: order.amount.for_people(),
            state: order.state.word(),
            code: order.code,
            scenario: order.scenario.name,
            at: date_time(order.created_at),
        }
    }
}

#[derive(Debug, Serialize)]
struct RefundRow {
    ref_id: String,
    amount: String,
    state: &'static str,
    code: String,
    at: String,
}

impl From<Refund> for RefundRow {
    fn from(refund: Refund) -> Self {
        Self {
            ref_id: refund.ref_id,
            amount: refund.amount.for_people(),
            state: refund.state.word(),
            code: refund.code,
            at: date_time(refund.requested_at),
        }
    }
}

#[derive(Debug, Serialize)]
struct AccountRow {
    account: String,
    balance: String,
}

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self { account: account.account, balance: Paise(account.balance_paise).for_people() }
    }
}

/// The latest orders and refunds and the accounts, for those who may use the admin interface.
pub(crate) async fn index(
    admin: Result<Admin, Refused>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    if admin.is_err() {
        return html::page(&app, "index.html", context! { admin => false });
    }
    let (orders, refunds, accounts) = app
        .store
        .call(|session| {
            let orders = Order::latest(session, LATEST)?;
            Ok((orders, Refund::latest(session, LATEST)?, ledger::accounts(session)?))
        })
        .await?;
    let orders: Vec<_> = orders.into_iter().map(OrderRow::from).collect();
    let refunds: Vec<_> = refunds.into_iter().map(RefundRow::from).collect();
    let accounts: Vec<_> = accounts.into_iter().map(AccountRow::from).collect();
    let now = date_time(app.clock.now());
    html::page(
        &app,
        "index.html",
        context! {
            admin => true,
            orders => Serde(orders),
            refunds => Serde(refunds),
            accounts => Serde(accounts),
            now,
        },
    )
}

/// HTML for browsers, JSON for everyone else.
pub(crate) async fn scenarios(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return html::page(
            &app,
            "scenarios.html",
            context! { scenarios => Serde(rows(Paise::for_people)) },
        );
    }
    Ok(reply::json(serde_json::to_string(&rows(|amount| amount.to_string()))?))
}
