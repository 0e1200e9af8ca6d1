//! `dwar payment check`: asks Paytm now, and says whether both books agree.

use std::fmt;

use app::verbs::{Compared, Theirs, Verdict};
use domain::payment::Payment;
use domain::provider::{RefundAnswer, SaleAnswer};
use serde::Serialize;
use wire::callback::Sum;

use super::words;
use crate::output::money;
use crate::output::table::{Table, plain};

/// Two books, side by side.
#[derive(Debug, Serialize)]
pub(super) struct Books {
    project: i64,
    payment: String,
    /// Whether all operations agree.
    agree: bool,
    operations: Vec<Operation>,
}

#[derive(Debug, Serialize)]
struct Operation {
    id: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    amount: Sum,
    ours: String,
    theirs: String,
    verdict: &'static str,
    #[serde(skip)]
    amount_text: String,
}

impl Books {
    pub(super) fn of(payment: &Payment, compared: &[Compared]) -> Self {
        Self {
            project: payment.key.project().0,
            payment: payment.key.payment().0.clone(),
            agree: compared.iter().all(|it| it.verdict == Verdict::Agree),
            operations: compared.iter().map(|it| Operation::of(payment, it)).collect(),
        }
    }

    pub(super) const fn agree(&self) -> bool {
        self.agree
    }
}

impl Operation {
    fn of(payment: &Payment, compared: &Compared) -> Self {
        let operation = compared.operation;
        let (kind, (status, detail)) = match payment.refund(operation) {
            None => ("sale", words::sale(payment.attempt(operation).unwrap_or(&payment.sale))),
            Some(refund) => ("refund", words::refund(refund)),
        };
        let ours =
            if detail.is_empty() { status.to_owned() } else { format!("{status}, {detail}") };
        Self {
            id: compared.operation.0,
            kind,
            amount: money::sum(compared.amount),
            ours,
            theirs: theirs(&compared.theirs),
            verdict: verdict(compared.verdict),
            amount_text: money::amount(compared.amount),
        }
    }
}

fn theirs(theirs: &Theirs) -> String {
    match theirs {
        Theirs::Sale(SaleAnswer::Paid(receipt)) => {
            format!("paid, transaction {}", receipt.transaction_id)
        }
        Theirs::Sale(SaleAnswer::Failed { code, .. }) => format!("failed, {}", words::code(*code)),
        Theirs::Sale(SaleAnswer::Pending) => "no payment yet".to_owned(),
        Theirs::Refund(RefundAnswer::Refunded { .. }) => "given back".to_owned(),
        Theirs::Refund(RefundAnswer::Pending { .. }) => "being carried out".to_owned(),
        Theirs::Refund(RefundAnswer::Refused(code)) => format!("refused, {}", words::code(*code)),
        Theirs::Refund(RefundAnswer::NotFound) => "never heard of it".to_owned(),
        Theirs::Refund(RefundAnswer::Busy) => "busy with another refund".to_owned(),
        Theirs::Sale(SaleAnswer::Unknown(reason))
        | Theirs::Refund(RefundAnswer::Unknown(reason)) => {
            format!("unclear: {}", words::unclear(*reason))
        }
        Theirs::NotAsked => "not asked: nothing was sent yet".to_owned(),
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agree => "agree",
        Verdict::Behind => "behind",
        Verdict::Differ => "DIFFER",
        Verdict::Unclear => "unclear",
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::with_header(["OPERATION", "", "AMOUNT", "OURS", "PAYTM", "BOOKS"]);
        for it in &self.operations {
            let id = it.id.to_string();
            table.row([&id, it.kind, &it.amount_text, &it.ours, &it.theirs, it.verdict]);
        }
        let payment = plain(&self.payment);
        writeln!(f, "Payment {payment} of project {}\n{table}", self.project)?;
        if self.agree {
            return f.write_str("Both books agree.");
        }
        let has = |verdict| self.operations.iter().any(|it| it.verdict == verdict);
        if has(self::verdict(Verdict::Differ)) {
            f.write_str("The books DIFFER: compare with Paytm's dashboard before anything else.")
        } else if has(self::verdict(Verdict::Unclear)) {
            f.write_str("Paytm gave no usable answer: try again.")
        } else {
            write!(f, "Paytm is ahead: the platform asks by itself, see dwar payment why {payment}")
        }
    }
}
