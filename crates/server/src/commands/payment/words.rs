//! What happens to payments, in words for people.

use domain::code::Code;
use domain::decision::{Event, JobKind};
use domain::payment::{PaymentStatus, Sale, SaleState};
use domain::provider::Unclear;
use domain::refund::{Refund, RefundState};
use store::jobs::Work;

/// An event.
pub(in crate::commands) fn event(event: &Event) -> String {
    match event {
        Event::SaleAccepted => "sale accepted".to_owned(),
        Event::RedirectReady => "order opened at Paytm; the customer may pay".to_owned(),
        Event::ProviderUnclear { reason } => format!("Paytm unclear: {}", unclear(*reason)),
        Event::SaleCaptured { mode: Some(mode) } => format!("paid, with {mode}"),
        Event::SaleCaptured { mode: None } => "paid".to_owned(),
        Event::AttemptDeclined { code } => {
            format!("attempt declined: {}; the customer may try again", self::code(*code))
        }
        Event::SaleRetried { operation } => {
            format!("the customer tries again, as operation {}", operation.0)
        }
        Event::SaleDeclined { code } => format!("declined: {}", self::code(*code)),
        Event::PaidAfterDecline => "paid after the decline".to_owned(),
        Event::SalePromoted => "late success taken as success".to_owned(),
        Event::ProviderContradiction { now_says } => {
            format!("ALARM: Paytm contradicts itself and now says: {now_says}")
        }
        Event::RefundAccepted { operation } => format!("refund {} accepted", operation.0),
        Event::RefundSent { operation } => format!("refund {} sent to Paytm", operation.0),
        Event::RefundPending { operation } => format!("refund {} taken on by Paytm", operation.0),
        Event::RefundSucceeded { operation } => format!("refund {} done", operation.0),
        Event::RefundDeclined { operation, code } => {
            format!("refund {} declined: {}", operation.0, self::code(*code))
        }
        Event::GiveBackAbandoned => {
            "ALARM: late money could not be given back; do it at Paytm".to_owned()
        }
    }
}

/// Something that will happen.
pub(in crate::commands) fn work(work: Work) -> String {
    match work {
        Work::Rule(JobKind::InitiateSale(_)) => "open the order at Paytm".to_owned(),
        Work::Rule(JobKind::AskSale(_)) => "ask Paytm what became of the order".to_owned(),
        Work::Rule(JobKind::LimitSale) => {
            "ask Paytm for the last time, and decline at the limit time".to_owned()
        }
        Work::Rule(JobKind::Refund(operation)) => format!("move refund {} on", operation.0),
        Work::Rule(JobKind::GiveBack(_)) => "try again to give late money back".to_owned(),
        Work::DeliverCallback => "deliver the next callback".to_owned(),
    }
}

/// A code with its message.
pub(in crate::commands) fn code(code: Code) -> String {
    format!("{} {}", code.number(), code.message())
}

/// Where a sale stands: its status, and what else there is to say.
pub(in crate::commands) fn sale(sale: &Sale) -> (&'static str, String) {
    match &sale.state {
        SaleState::Initiating => (PaymentStatus::Processing.name(), String::new()),
        SaleState::AwaitingRedirect(_) => {
            (PaymentStatus::AwaitingRedirectResult.name(), String::new())
        }
        SaleState::Captured(receipt) => {
            ("success", format!("Paytm transaction {}", receipt.transaction_id))
        }
        SaleState::AwaitingRetry { code, .. } => {
            (PaymentStatus::AwaitingCustomer.name(), self::code(*code))
        }
        SaleState::Declined { code, .. } => ("decline", self::code(*code)),
        SaleState::DeclinedThenPaid { code, receipt } => {
            ("decline", format!("{}; paid later, {}", self::code(*code), receipt.transaction_id))
        }
    }
}

/// Where a refund stands: its status, and what else there is to say.
pub(in crate::commands) fn refund(refund: &Refund) -> (&'static str, String) {
    let at_paytm = |id: &Option<String>| match id {
        Some(id) => format!("Paytm refund {id}"),
        None => String::new(),
    };
    match &refund.state {
        RefundState::Queued => ("processing", "waits for its turn".to_owned()),
        RefundState::Sent { .. } => ("processing", "sent to Paytm".to_owned()),
        RefundState::Pending { provider_id, .. } => ("processing", at_paytm(provider_id)),
        RefundState::Refunded { provider_id } => ("success", at_paytm(provider_id)),
        RefundState::Declined { code } => ("decline", self::code(*code)),
    }
}

/// Why an answer of Paytm can't be used.
pub(in crate::commands) const fn unclear(reason: Unclear) -> &'static str {
    match reason {
        Unclear::NotSent => "nothing could be sent",
        Unclear::NoAnswer => "no whole answer in time",
        Unclear::Unreadable => "the answer can't be read",
        Unclear::NotAuthentic => "the answer has no valid checksum",
        Unclear::Mismatch => "ALARM: the answer is about another amount, merchant or order",
        Unclear::UnknownCode => "the answer's code is unknown",
        Unclear::ProviderFault => "Paytm reports a fault of its own",
    }
}
