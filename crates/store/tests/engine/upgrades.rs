//! What an earlier schema stored is read as what it was.

use domain::decision::JobKind;
use domain::id::{OperationId, PaymentId, PaymentKey, ProjectId};
use dwar_store::jobs::{self, Work};
use dwar_store::{Migration, Options, Result, Store, Tx, params, payments};

use crate::scratch::Scratch;

const BEFORE_ATTEMPTS: &str = include_str!("../upgrades/before_attempts.sql");

fn open(scratch: &Scratch, migrations: &'static [Migration]) -> Store {
    Store::open(&scratch.path(), &Options { migrations, ..Options::default() }).unwrap()
}

fn key(payment: &str) -> PaymentKey {
    PaymentKey::new(ProjectId(200), PaymentId(payment.to_owned()))
}

fn works(tx: &mut dyn Tx, key: &PaymentKey) -> Result<Vec<Work>> {
    Ok(jobs::of_payment(tx, key)?.into_iter().map(|job| job.key.work).collect())
}

#[tokio::test]
async fn a_payment_from_before_attempts_has_one() {
    let scratch = Scratch::new();
    let all = Options::default().migrations;
    let (before, _) = all.split_at(3);
    let store = open(&scratch, before);
    let fill = |tx: &mut dyn Tx| -> Result<()> {
        for statement in BEFORE_ATTEMPTS.split(";\n") {
            if !statement.trim().is_empty() {
                tx.execute(statement, params![])?;
            }
        }
        Ok(())
    };
    store.write(fill).await.unwrap();
    drop(store);

    let look = |tx: &mut dyn Tx| -> Result<()> {
        let paid = payments::load(tx, &key("paid-old"))?.unwrap();
        assert_eq!((paid.sale.id, paid.sale.attempt), (OperationId(10_000_000_028), 1));
        assert_eq!((paid.terms.attempts, paid.earlier.len()), (1, 0));
        assert_eq!(paid.refunds[0].sale, paid.sale.id);
        assert_eq!(paid.balance_of(&paid.sale).refunding, 600_100);
        let refund = Work::Rule(JobKind::Refund(OperationId(10_000_000_036)));
        assert_eq!(works(tx, &paid.key)?, [refund]);

        let open = payments::load(tx, &key("open-old"))?.unwrap();
        let ask = Work::Rule(JobKind::AskSale(open.sale.id));
        assert_eq!(works(tx, &open.key)?, [ask, Work::Rule(JobKind::LimitSale)]);
        Ok(())
    };
    open(&scratch, all).read(look).await.unwrap();
}
