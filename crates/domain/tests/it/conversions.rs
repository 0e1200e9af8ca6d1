//! Runs the table of converted refunds: whatever a sale is split into, the shares of its
//! converted sum add up to the whole.

use dwar_domain::code::Code;
use dwar_domain::command::Command;
use dwar_domain::money::{Amount, Currency};
use dwar_domain::payment::LateSuccessPolicy;
use dwar_domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer};

use crate::fixtures::{
    SALE, START, accept_sale, operation, receipt, redirect, refund_id, refund_request, terms,
};
use crate::table::Table;
use crate::world::World;

fn money(text: &str) -> Amount {
    let (decimal, code) = text.split_once(' ').unwrap();
    Amount::from_decimal(decimal, Currency::from_code(code).unwrap()).unwrap()
}

fn captured(amount: Amount, converted: Amount) -> World {
    let mut world = World::default();
    let commands = [
        accept_sale(terms(amount, converted, LateSuccessPolicy::GiveBack)),
        Command::SaleInitiated { sale: SALE, answer: InitiateAnswer::Redirect(redirect()) },
        Command::SaleAnswered {
            sale: SALE,
            answer: SaleAnswer::Paid(receipt()),
            last: false,
            give_back: operation(refund_id(1)),
        },
    ];
    for command in commands {
        world.apply(command, START).unwrap();
    }
    world
}

/// Refunds `sum`; the provider pays it out or refuses it. Returns the converted share.
fn refund(world: &mut World, sum: Amount, refused: bool) -> String {
    let id = refund_id(world.payment().refunds.len() + 1);
    let answer = if refused {
        RefundAnswer::Refused(Code::AcquirerBalance)
    } else {
        RefundAnswer::Refunded { refund_id: None }
    };
    let commands = [
        Command::AcceptRefund(refund_request(id, Some(sum))),
        Command::RefundSending(id),
        Command::RefundAnswered { operation: id, answer },
    ];
    for command in commands {
        world.apply(command, START).unwrap();
    }
    world.payment().refund(id).unwrap().converted.to_decimal()
}

#[test]
fn shares_follow_their_table() {
    let text = include_str!("../tables/conversion.txt");
    let table = Table::read(text, &["sale", "settled", "refunds", "shares"]);
    assert!(!table.rows.is_empty());
    for row in table.rows {
        let mut world = captured(money(&row[0]), money(&row[1]));
        let shares: Vec<String> = row[2]
            .split(' ')
            .map(|asked| {
                let (sum, refused) = match asked.strip_prefix('x') {
                    Some(sum) => (sum, true),
                    None => (asked, false),
                };
                let currency = world.payment().terms.amount.currency();
                let sum = Amount::from_decimal(sum, currency).unwrap();
                refund(&mut world, sum, refused)
            })
            .collect();
        assert_eq!(shares.join(" "), row[3], "{row:?}");
        assert_eq!(world.payment().balance().remaining(), 0, "{row:?} is a whole split");
        let settled = world.payment().terms.converted.minor();
        assert_eq!(world.payment().converted_given_back(), settled, "{row:?}");
    }
}
