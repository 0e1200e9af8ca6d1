//! The wallet page: what a person sees between the merchant and the way back.
//!
//! It keeps no session. Each step carries the order's token (and what was entered before) in hidden
//! fields, and works without JavaScript.

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bank::order::{Order, Payer, State as OrderState};
use crate::bank::pay::{self, Attempt};
use crate::bank::wallet::{self, OTP};
use crate::code;
use crate::config::Merchant;
use crate::http::html;
use crate::http::reply::Failure;
use crate::message::payment::Report;
use crate::message::{Fields, seal_fields};
use crate::paise::Paise;
use crate::store::{Session, StoreError};

/// What the forms of the page carry.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Visit {
    mid: String,
    #[serde(rename = "orderId")]
    order_id: String,
    #[serde(rename = "txnToken")]
    txn_token: String,
    phone: String,
    otp: String,
    vpa: String,
}

/// The order as the pages show it.
#[derive(Debug, Serialize)]
struct Shown {
    order_id: String,
    mid: String,
    amount: String,
    wallet: bool,
    upi: bool,
}

impl Shown {
    fn of(order: &Order) -> Self {
        Self {
            order_id: order.order_id.clone(),
            mid: order.mid.clone(),
            amount: order.amount.for_people(),
            wallet: order.wallet,
            upi: order.upi,
        }
    }
}

/// `showPaymentPage`.
pub(crate) async fn show(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let opening = |session: &Session<'_>, order: &mut Order| pay::open_page(session, order);
    step(&app, visit, opening, |app, visit, order| choose(app, visit, order, "")).await
}

pub(crate) async fn opened_by_get(State(app): State<App>) -> Result<Response, Failure> {
    problem(&app, "This page is opened by the merchant with a POST, not by its address alone.")
}

pub(crate) async fn ask_otp(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    step(
        &app,
        visit,
        |_, _| Ok(()),
        |app, visit, order| {
            if is_phone(&visit.phone) {
                ask_for_otp(app, visit, order, "")
            } else {
                choose(app, visit, order, "Enter the ten digits of a mobile number.")
            }
        },
    )
    .await
}

pub(crate) async fn log_in(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let phone = visit.phone.clone();
    let entitled = visit.otp == OTP && is_phone(&phone);
    let logging_in = move |session: &Session<'_>, order: &mut Order| {
        if !entitled {
            return Ok(None);
        }
        pay::log_in(session, order, &phone)?;
        wallet::balance(session, &phone).map(Some)
    };
    step_with(&app, visit, logging_in, |app, visit, order, balance| match balance {
        Some(balance) => html::page(
            app,
            "balance.html",
            context! {
                order => Serde(Shown::of(order)),
                visit => Serde(visit),
                balance => balance.for_people(),
                enough => balance >= order.amount,
            },
        ),
        None => ask_for_otp(app, visit, order, "That code is not right."),
    })
    .await
}

pub(crate) async fn pay(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let phone = visit.phone.clone();
    let entitled = visit.otp == OTP && is_phone(&phone);
    let paying = move |session: &Session<'_>, order: &mut Order| {
        if entitled && order.wallet {
            pay::attempt(session, order, Attempt::Pay(Payer::Wallet(phone)))?;
        }
        Ok(())
    };
    step(&app, visit, paying, |app, visit, order| {
        ask_for_otp(app, visit, order, "That code is not right.")
    })
    .await
}

pub(crate) async fn ask_approval(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    step(
        &app,
        visit,
        |_, _| Ok(()),
        |app, visit, order| {
            if order.upi && is_vpa(&visit.vpa) {
                html::page(
                    app,
                    "approve.html",
                    context! { order => Serde(Shown::of(order)), visit => Serde(visit) },
                )
            } else {
                choose(app, visit, order, "Enter a UPI ID such as 7777777777@paytm.")
            }
        },
    )
    .await
}

pub(crate) async fn approve(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let payer = Payer::Upi(visit.vpa.clone());
    upi_answer(&app, visit, Attempt::Pay(payer)).await
}

pub(crate) async fn decline(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let payer = Payer::Upi(visit.vpa.clone());
    upi_answer(&app, visit, Attempt::Decline(payer, code::DECLINED.to_owned())).await
}

async fn upi_answer(app: &App, visit: Visit, attempt: Attempt) -> Result<Response, Failure> {
    let entitled = is_vpa(&visit.vpa);
    let answering = move |session: &Session<'_>, order: &mut Order| {
        if entitled && order.upi { pay::attempt(session, order, attempt) } else { Ok(()) }
    };
    step(app, visit, answering, |app, visit, order| {
        choose(app, visit, order, "Enter a UPI ID such as 7777777777@paytm.")
    })
    .await
}

pub(crate) async fn cancel(
    State(app): State<App>,
    Form(visit): Form<Visit>,
) -> Result<Response, Failure> {
    let leaving =
        |session: &Session<'_>, order: &mut Order| pay::attempt(session, order, Attempt::Leave);
    step(&app, visit, leaving, |app, visit, order| choose(app, visit, order, "")).await
}

async fn step(
    app: &App,
    visit: Visit,
    act: impl FnOnce(&Session<'_>, &mut Order) -> Result<(), StoreError> + Send + 'static,
    show: impl FnOnce(&App, &Visit, &Order) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    step_with(app, visit, act, |app, visit, order, ()| show(app, visit, order)).await
}

/// One step: acts on the order that the visit's token opens, then shows the next page, or the way
/// back to the merchant once the order is no longer the customer's.
async fn step_with<T: Send + 'static>(
    app: &App,
    visit: Visit,
    act: impl FnOnce(&Session<'_>, &mut Order) -> Result<T, StoreError> + Send + 'static,
    show: impl FnOnce(&App, &Visit, &Order, T) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    let (mid, order_id) = (visit.mid.clone(), visit.order_id.clone());
    let token = visit.txn_token.clone();
    let acted = app
        .store
        .call(move |session| {
            let order = Order::find(session, &mid, &order_id)?;
            let Some(mut order) = order.filter(|order| order.token == token) else {
                return Ok(None);
            };
            let result = act(session, &mut order)?;
            Ok(Some((order, result)))
        })
        .await?;
    match (acted, app.merchant(&visit.mid)) {
        (Some((order, result)), Some(_)) if order.is_open() => show(app, &visit, &order, result),
        (Some((order, _)), Some(merchant)) => way_back(app, &order, &merchant),
        _ => problem(
            app,
            "Your session has expired, or the merchant sent you here with a wrong token.",
        ),
    }
}

fn way_back(app: &App, order: &Order, merchant: &Merchant) -> Result<Response, Failure> {
    let fields = callback(order, merchant)?;
    let outcome = match order.state {
        OrderState::Success => "success",
        OrderState::Pending => "pending",
        OrderState::Initiated | OrderState::PageOpen | OrderState::Failure => "failure",
    };
    html::return_page(
        app,
        context! {
            order => Serde(Shown::of(order)),
            outcome,
            message => code::message(&order.code),
            callback_url => order.callback_url.as_str(),
            fields => Serde(fields),
        },
    )
}

/// What the browser carries back to the merchant, in the way of the order's scenario.
pub(crate) fn callback(order: &Order, merchant: &Merchant) -> Result<Fields, StoreError> {
    let notice = order.scenario.behaviour.callback;
    let report = Report::of(order, Paise(0), notice.lie);
    Ok(seal_fields(report.callback(), &merchant.key, notice.seal)?)
}

fn choose(app: &App, visit: &Visit, order: &Order, error: &str) -> Result<Response, Failure> {
    html::page(
        app,
        "choose.html",
        context! {
            order => Serde(Shown::of(order)),
            visit => Serde(visit),
            error,
            phones => wallet::PHONES.map(|(phone, allowance, about)| {
                context! { phone, allowance => allowance.for_people(), about }
            }),
            allowance => wallet::ALLOWANCE.for_people(),
        },
    )
}

fn ask_for_otp(app: &App, visit: &Visit, order: &Order, error: &str) -> Result<Response, Failure> {
    html::page(
        app,
        "otp.html",
        context! { order => Serde(Shown::of(order)), visit => Serde(visit), error, otp => OTP },
    )
}

fn problem(app: &App, text: &str) -> Result<Response, Failure> {
    html::page(app, "problem.html", context! { text })
}

fn is_phone(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `name@handle`, of the letters that VPAs have.
pub(crate) fn is_vpa(text: &str) -> bool {
    let plain = |part: &str| {
        (1..=64).contains(&part.len())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
    };
    text.split_once('@').is_some_and(|(name, handle)| plain(name) && plain(handle))
}
