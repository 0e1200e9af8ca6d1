//! An order in words: how it stands, for the customer; what happened step by step, for the
//! developer.

use serde::Serialize;
use wire::callback::Operation;
use wire::vocabulary::{OperationStatus, PaymentStatus, RedirectMethod};

use crate::gate::Reply;
use crate::order::{Begun, CURRENCY, Order, Receipt, Stage};
use crate::payment_page::{Link, Presentation};
use crate::rupees;

/// What the page of an order shows.
#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    id: String,
    item: String,
    amount: String,
    standing: Standing,
    steps: Vec<Step>,
    callbacks: Vec<CallbackView>,
    /// What the button says that sends the customer on to pay, if there is somewhere to go.
    way_on: Option<&'static str>,
    /// The customer has not been sent on yet, so the page does it by itself.
    must_continue: bool,
    link: Option<LinkView>,
    refunded: Option<String>,
    refundable: Option<String>,
    next_refund_id: String,
    is_settled: bool,
    revision: u64,
}

/// What a list of orders shows of one.
#[derive(Debug, Serialize)]
pub(crate) struct OrderLine {
    id: String,
    item: String,
    amount: String,
    standing: Standing,
}

/// How an order stands, for the customer.
#[derive(Debug, Serialize)]
struct Standing {
    tone: Tone,
    title: &'static str,
    text: String,
}

/// One thing that happened or is awaited, for the developer.
#[derive(Debug, Serialize)]
struct Step {
    tone: Tone,
    title: String,
    note: String,
}

/// How something looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Tone {
    Good,
    Bad,
    Waiting,
}

/// A link to Payment Page that can still be used.
#[derive(Debug, Serialize)]
struct LinkView {
    url: String,
    best_before: String,
    /// The widget shows it over the order's page.
    is_window: bool,
    /// The widget shows it in the order's page.
    is_embedded: bool,
}

#[derive(Debug, Serialize)]
struct CallbackView {
    title: String,
    /// What it means for the order, if that is worth saying.
    remark: Option<&'static str>,
    deliveries: u32,
    json: String,
}

impl OrderView {
    pub(crate) fn of(order: &Order) -> Self {
        let way_on = order.redirect().map(|_| match order.status() {
            Some(PaymentStatus::AwaitingCustomer) => "Try again",
            Some(_) | None => "Continue to pay",
        });
        Self {
            id: order.id.clone(),
            item: order.item.clone(),
            amount: rupees::format(order.amount),
            standing: standing(order),
            steps: steps(order),
            callbacks: order.receipts.iter().rev().map(|it| callback_view(order, it)).collect(),
            way_on,
            must_continue: way_on.is_some() && order.leaves() && !order.handed_over,
            link: order.open_link().map(LinkView::of),
            refunded: Some(order.refunded()).filter(|paise| *paise > 0).map(rupees::format),
            refundable: Some(order.refundable()).filter(|paise| *paise > 0).map(rupees::format),
            next_refund_id: order.next_refund_id(),
            is_settled: order.is_settled(),
            revision: order.revision,
        }
    }

    /// Whether the page runs the widget.
    pub(crate) fn has_widget(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_window || link.is_embedded)
    }
}

impl LinkView {
    fn of(link: &Link) -> Self {
        Self {
            url: link.url.clone(),
            best_before: link.best_before.clone(),
            is_window: link.presentation == Presentation::Window,
            is_embedded: link.presentation == Presentation::Embedded,
        }
    }
}

impl OrderLine {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            id: order.id.clone(),
            item: order.item.clone(),
            amount: rupees::format(order.amount),
            standing: standing(order),
        }
    }
}

fn standing(order: &Order) -> Standing {
    let (tone, title, text) = match (order.status(), &order.payment) {
        (Some(status), _) => told(order, status),
        (None, Begun::ByPage(_)) => {
            (Tone::Waiting, "Ready to pay", "Payment Page takes it from here.".to_owned())
        }
        (None, Begun::ByGate(reply)) => match reply {
            Reply::Awaited => (Tone::Waiting, "One moment", "Asking for the payment.".to_owned()),
            Reply::Accepted { .. } => {
                (Tone::Waiting, "One moment", "Paytm is being opened.".to_owned())
            }
            Reply::Refused { message, .. } => {
                (Tone::Bad, "Payment not possible", format!("{message}. You have not paid."))
            }
            Reply::Unknown { .. } => {
                let text = "It is not known yet whether the payment has begun. Do not pay twice.";
                (Tone::Waiting, "No answer yet", text.to_owned())
            }
        },
    };
    Standing { tone, title, text }
}

/// What to say of a payment whose status is known.
fn told(order: &Order, status: PaymentStatus) -> (Tone, &'static str, String) {
    let operation = order.latest().and_then(|callback| callback.operation.as_ref());
    let reason = operation.map_or("The request was not valid", |it| it.message.as_str());
    match Stage::of(status) {
        Stage::Paid => (Tone::Good, "Paid", "Thank you. The parcel leaves today.".to_owned()),
        Stage::Refunded => {
            (Tone::Good, "Refunded", "All of the money is on its way back.".to_owned())
        }
        Stage::PartlyRefunded => {
            let text = format!("{} is on its way back.", rupees::format(order.refunded()));
            (Tone::Good, "Partly refunded", text)
        }
        Stage::Failed => (Tone::Bad, "Not paid", format!("{reason}. Nothing is owed.")),
        Stage::Open if status == PaymentStatus::AwaitingCustomer => {
            (Tone::Waiting, "Not paid yet", format!("{reason}. You may try again."))
        }
        Stage::Open if status == PaymentStatus::AwaitingRedirectResult => {
            (Tone::Waiting, "Ready to pay", "Paytm is waiting for you.".to_owned())
        }
        Stage::Open => (Tone::Waiting, "In progress", "This page changes by itself.".to_owned()),
    }
}

fn steps(order: &Order) -> Vec<Step> {
    let placed = Step::new(
        Tone::Good,
        "Order written down",
        "Before anybody is called about it, so that a lost answer loses no order.",
    );
    let mut steps = vec![placed];
    match &order.payment {
        Begun::ByGate(reply) => {
            steps.push(submission("Sale sent to Gate", reply));
            steps.extend(redirect_step(order, reply));
        }
        Begun::ByPage(link) => steps.extend(page_steps(link.presentation)),
    }
    if order.handed_over {
        let note =
            "The shop learns nothing from the browser that comes back: it could say anything.";
        steps.push(Step::new(Tone::Good, "Customer sent on to pay", note));
    }
    steps.extend(outcome_steps(order));
    for refund in &order.refunds {
        let sum = refund.amount.map_or_else(|| "all that is left".to_owned(), rupees::format);
        let mut step = submission(&format!("Refund of {sum} sent to Gate"), &refund.reply);
        step.note = format!("merchant_refund_id {}. {}", refund.id, step.note);
        steps.push(step);
    }
    steps.extend(order.refund_operations().into_iter().map(refund_step));
    steps
}

fn page_steps(presentation: Presentation) -> Vec<Step> {
    let note = "GET /payment?… with HMAC-SHA512 over every parameter; no call to the platform.";
    let mut steps = vec![Step::new(Tone::Good, "Link to Payment Page signed", note)];
    let shown = match presentation {
        Presentation::Redirect => return steps,
        Presentation::Window => ("in a window", "EPayWidget.run(parameters) of merchant.js."),
        Presentation::Embedded => (
            "in this page",
            "EPayWidget.run(parameters) of merchant.js; the parameters name a target_element.",
        ),
    };
    steps.push(Step::new(Tone::Good, &format!("Payment Page shown {}", shown.0), shown.1));
    steps
}

/// A request, and what Gate said to it at once.
fn submission(title: &str, reply: &Reply) -> Step {
    let (tone, note) = match reply {
        Reply::Awaited => (Tone::Waiting, "Signed with HMAC-SHA512; Gate has 5 s.".to_owned()),
        Reply::Accepted { request_id } => {
            let note = format!("Gate accepted: request_id {request_id}. The outcome follows.");
            (Tone::Good, note)
        }
        Reply::Refused { code, message } => {
            (Tone::Bad, format!("Gate refused: code {code}, {message}. Nothing was done."))
        }
        Reply::Unknown { why } => {
            let note = format!("{why}. Unknown is not declined: wait for a callback, or ask.");
            (Tone::Waiting, note)
        }
    };
    Step { tone, title: title.to_owned(), note }
}

fn redirect_step(order: &Order, reply: &Reply) -> Option<Step> {
    let redirect = order.receipts.iter().find_map(|it| it.callback.redirect_data.as_ref());
    if let Some(redirect) = redirect {
        let address = redirect.url.split('?').next().unwrap_or_default();
        let how = match redirect.method {
            RedirectMethod::Get => "the shop answers 303".to_owned(),
            RedirectMethod::Post => {
                format!("the browser posts a form of {} fields", redirect.body.len())
            }
        };
        let note = format!("redirect_data: {} {address}; {how}.", redirect.method);
        return Some(Step::new(Tone::Good, "Callback brought the way to Paytm", note));
    }
    let is_open = order.status().is_none() && !matches!(reply, Reply::Refused { .. });
    let note = "Its status is “awaiting redirect result”, and redirect_data says where to go.";
    is_open.then(|| Step::new(Tone::Waiting, "Callback with redirect_data awaited", note))
}

/// Each attempt to pay, and what is expected next.
fn outcome_steps(order: &Order) -> Vec<Step> {
    let attempts = order.sale_operations().into_iter();
    let attempts = attempts.filter(|sale| sale.status != OperationStatus::AwaitingRedirectResult);
    let mut steps: Vec<Step> = attempts.map(|sale| operation_step("Payment", sale)).collect();
    if order.status() == Some(PaymentStatus::AwaitingCustomer) {
        let note = "payment.status is “awaiting customer”: this attempt failed, the payment is \
                    still open. Success or decline follows.";
        steps.push(Step::new(Tone::Waiting, "The customer may try again", note));
    } else if order.handed_over && order.is_open() {
        let note = "Believed only from a signed callback or from the status request.";
        steps.push(Step::new(Tone::Waiting, "Outcome awaited", note));
    }
    steps
}

fn refund_step(refund: &Operation) -> Step {
    operation_step(&format!("Refund of {}", sum(refund)), refund)
}

fn operation_step(what: &str, operation: &Operation) -> Step {
    let tone = if operation.status == OperationStatus::Success {
        Tone::Good
    } else if matches!(
        operation.status,
        OperationStatus::Decline | OperationStatus::AwaitingCustomer
    ) {
        // Another one may follow; this one has failed.
        Tone::Bad
    } else {
        Tone::Waiting
    };
    let note = format!(
        "Callback for operation {}: code {}, {}. Paytm knows it as {}.",
        operation.id,
        operation.code,
        operation.message,
        provider_payment(operation).unwrap_or("nothing yet"),
    );
    Step { tone, title: format!("{what}: {}", operation.status), note }
}

fn provider_payment(operation: &Operation) -> Option<&str> {
    let id = operation.provider.as_ref()?.payment_id.as_deref()?;
    Some(id).filter(|id| !id.is_empty())
}

/// An operation's sum; one that is not in rupees is written with its currency.
fn sum(operation: &Operation) -> String {
    let sum = &operation.sum_initial;
    if sum.currency == CURRENCY {
        rupees::format(sum.amount)
    } else {
        format!("{} {} (minor units)", sum.amount, sum.currency)
    }
}

fn callback_view(order: &Order, receipt: &Receipt) -> CallbackView {
    let payment = receipt.callback.payment.status;
    let title = match &receipt.callback.operation {
        Some(operation) => {
            format!("{} {} · payment {payment}", operation.kind, operation.status)
        }
        None => format!("payment {payment}"),
    };
    let is_latest = order.latest() == Some(&receipt.callback);
    let remark = if receipt.is_disputed {
        Some("its sum is not the order's, so it is not believed")
    } else if is_latest {
        Some("tells how the order stands")
    } else {
        None
    };
    CallbackView { title, remark, deliveries: receipt.deliveries, json: receipt.json.clone() }
}

impl Step {
    fn new(tone: Tone, title: &str, note: impl Into<String>) -> Self {
        Self { tone, title: title.to_owned(), note: note.into() }
    }
}
