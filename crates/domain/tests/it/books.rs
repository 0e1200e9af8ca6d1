//! What the accounts of a payment must hold, told from its operations alone: an oracle for the
//! journal that shares no code with it.

use std::collections::BTreeMap;

use dwar_domain::journal::{Account, Transfer};
use dwar_domain::money::Amount;
use dwar_domain::payment::{Payment, SaleState};
use dwar_domain::refund::{RefundOrigin, RefundState};

/// Minor units on each account in each currency; accounts that hold nothing are left out.
pub(crate) type Books = BTreeMap<(Account, &'static str), i64>;

/// The balances that the journal's transfers add up to.
pub(crate) fn posted(journal: &[Transfer]) -> Books {
    let mut books = Books::new();
    for transfer in journal {
        post(&mut books, transfer.from, transfer.amount, -1);
        post(&mut books, transfer.to, transfer.amount, 1);
    }
    without_empty(books)
}

/// The balances that the payment's operations ask for.
pub(crate) fn expected(payment: &Payment) -> Books {
    let (amount, converted) = (payment.terms.amount, payment.terms.converted);
    let mut books = Books::new();
    for sale in payment.earlier.iter().chain([&payment.sale]) {
        match sale.state {
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. }
            | SaleState::Declined { .. } => {}
            SaleState::Captured(_) => {
                post(&mut books, Account::Customer, amount, -1);
                post(&mut books, Account::Merchant, converted, 1);
                exchange(&mut books, amount, converted, 1);
            }
            SaleState::DeclinedThenPaid { .. } => {
                post(&mut books, Account::Customer, amount, -1);
                post(&mut books, Account::Suspense, amount, 1);
            }
        }
    }
    for refund in &payment.refunds {
        let (home, reserved) = match refund.origin {
            RefundOrigin::Merchant => (Account::Merchant, refund.converted),
            RefundOrigin::LateSuccess => (Account::Suspense, refund.amount),
        };
        match refund.state {
            RefundState::Declined { .. } => {}
            RefundState::Queued | RefundState::Sent { .. } | RefundState::Pending { .. } => {
                post(&mut books, home, reserved, -1);
                post(&mut books, Account::RefundsInFlight, reserved, 1);
            }
            RefundState::Refunded { .. } => {
                post(&mut books, home, reserved, -1);
                post(&mut books, Account::Customer, refund.amount, 1);
                exchange(&mut books, refund.amount, reserved, -1);
            }
        }
    }
    without_empty(books)
}

/// The conversion account takes the customer's currency and gives the merchant's.
fn exchange(books: &mut Books, taken: Amount, given: Amount, sign: i64) {
    post(books, Account::Conversion, taken, sign);
    post(books, Account::Conversion, given, -sign);
}

fn post(books: &mut Books, account: Account, amount: Amount, sign: i64) {
    *books.entry((account, amount.currency().code())).or_default() += sign * amount.minor();
}

fn without_empty(mut books: Books) -> Books {
    books.retain(|_, balance| *balance != 0);
    books
}
