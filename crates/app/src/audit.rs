//! Proves that the books are true: the journal balances, and it agrees with the payments.

use domain::id::PaymentKey;
use domain::journal::Account;
use store::journal::{self, AccountBalance, Disagreement};
use store::{StoreError, Tx, payments};

use crate::platform::{Fault, Platform};

/// Payments compared in one reading transaction, so that an audit never holds the log for long.
const PAGE: i64 = 500;

/// Disagreements listed at most.
const LISTED: i64 = 100;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Payments looked at.
    pub payments: u64,
    /// The balance of every account in every currency.
    pub balances: Vec<AccountBalance>,
    /// Currencies whose balances don't sum to zero, with the difference in minor units.
    pub unbalanced: Vec<(String, i64)>,
    /// Payments that don't agree with the journal or with their own operations.
    pub disagreements: Vec<Disagreement>,
}

impl Audit {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.unbalanced.is_empty() && self.disagreements.is_empty()
    }

    /// The balance of an account in one currency, in minor units.
    pub fn balance(&self, account: Account, currency: &str) -> i64 {
        self.balances
            .iter()
            .filter(|balance| balance.account == account && balance.currency == currency)
            .fold(0, |sum, balance| sum.saturating_add(balance.minor))
    }
}

impl Platform {
    /// Audits all payments. `progress` is told how many have been looked at.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn audit(&self, progress: impl Fn(u64) + Send) -> Result<Audit, Fault> {
        let (balances, mut disagreements) = self
            .store()
            .read(|tx| -> Result<_, StoreError> {
                Ok((journal::balances(tx)?, journal::disagreements(tx, LISTED)?))
            })
            .await
            .map_err(Fault::Store)?;
        let mut after: Option<PaymentKey> = None;
        let mut payments: u64 = 0;
        loop {
            let from = after.clone();
            let (last, wrong, looked) = self
                .store()
                .read(move |tx| compare_page(tx, from.as_ref()))
                .await
                .map_err(Fault::Store)?;
            disagreements.extend(wrong);
            payments = payments.saturating_add(looked);
            progress(payments);
            if last.is_none() {
                break;
            }
            after = last;
        }
        let unbalanced = unbalanced(&balances);
        Ok(Audit { payments, balances, unbalanced, disagreements })
    }
}

fn unbalanced(balances: &[AccountBalance]) -> Vec<(String, i64)> {
    let mut sums: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for balance in balances {
        let sum = sums.entry(&balance.currency).or_default();
        *sum = sum.saturating_add(balance.minor);
    }
    sums.into_iter()
        .filter(|(_, sum)| *sum != 0)
        .map(|(currency, sum)| (currency.to_owned(), sum))
        .collect()
}

type Page = (Option<PaymentKey>, Vec<Disagreement>, u64);

/// Compares the stored sums of one page of payments with what follows from their operations.
fn compare_page(tx: &mut dyn Tx, after: Option<&PaymentKey>) -> Result<Page, StoreError> {
    let keys = payments::page_of_keys(tx, after, PAGE)?;
    let mut wrong = Vec::new();
    for key in &keys {
        let Some(payment) = payments::load(tx, key)? else { continue };
        let balance = payment.balance();
        let follows = (balance.captured, balance.refunded, balance.refunding);
        let stored = payments::stored_sums(tx, key)?.unwrap_or_default();
        if stored != follows || !balance.holds() {
            let what = format!(
                "captured, refunded, refunding are stored as {stored:?}, operations say {follows:?}"
            );
            wrong.push(Disagreement { payment: key.clone(), what });
        }
    }
    let looked = u64::try_from(keys.len()).unwrap_or(u64::MAX);
    Ok((keys.last().cloned(), wrong, looked))
}
