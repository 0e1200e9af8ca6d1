//! What is sent to Paytm, in snapshots that a person has read.

use domain::money::{Amount, Currency};
use domain::payment::Customer;
use domain::time::Timestamp;
use dwar_paytm::account::Mode;
use dwar_paytm::checksum::{body_slice, verify};
use dwar_paytm::connector::{BuildError, Order, ask_refund, ask_sale, initiate, refund};
use dwar_paytm::exchange::Request;

use super::{KEY, SALT, account, order, reference, rupees};

const NOW: Timestamp = Timestamp(1_780_000_000_123);

fn written(request: &Request) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = std::str::from_utf8(&request.body).unwrap();
    format!("POST {}\n{}\n\n{body}\n", request.url, headers.join("\n"))
}

fn assert_signed(request: &Request) {
    let message = std::str::from_utf8(&request.body).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(message).unwrap();
    let signature = parsed.pointer("/head/signature").unwrap().as_str().unwrap();
    assert!(verify(body_slice(message).unwrap(), KEY, signature));
}

#[test]
fn an_order_is_opened() {
    let reference = reference("ORD-0001");
    let customer = Customer {
        id: "customer-42".into(),
        phone: Some("917777777777".into()),
        email: Some("ram@example.in".into()),
        first_name: Some("Ram".into()),
        ..Customer::default()
    };
    let request = initiate(&account(), order(&reference), &customer, NOW, SALT).unwrap();
    assert_signed(&request);
    insta::assert_snapshot!("initiate_wallet", written(&request));

    let mut account = account();
    account.modes = vec![Mode::upi(), Mode::wallet()];
    let nobody = Customer { phone: Some("31647812345".into()), ..Customer::default() };
    let request = initiate(&account, order(&reference), &nobody, NOW, SALT).unwrap();
    assert_signed(&request);
    insta::assert_snapshot!("initiate_upi_and_wallet", written(&request));
}

#[test]
fn a_repetition_differs_in_the_head_alone() {
    let reference = reference("ORD-0001");
    let at = |now, salt| {
        let customer = Customer { id: "C1".into(), ..Customer::default() };
        let request = initiate(&account(), order(&reference), &customer, now, salt).unwrap();
        let message = String::from_utf8(request.body).unwrap();
        (body_slice(&message).unwrap().to_owned(), message)
    };
    let (body, message) = at(NOW, SALT);
    let (body_again, message_again) = at(Timestamp(NOW.0 + 60_000), *b"zZ9y");
    assert_eq!(body, body_again);
    assert_ne!(message, message_again);
}

#[test]
fn no_mode_means_all_that_the_account_can_do() {
    let mut account = account();
    account.modes.clear();
    let reference = reference("ORD-0001");
    let request = initiate(&account, order(&reference), &Customer::default(), NOW, SALT).unwrap();
    assert!(!String::from_utf8(request.body).unwrap().contains("enablePaymentMode"));
}

#[test]
fn paytm_is_asked_about_sales_and_refunds() {
    let (order, reference) = (reference("ORD-0001"), reference("REF-0001"));
    let mut wanted = super::refund(&order, &reference);
    wanted.comment = Some("Customer's wish | half of it, and then words that never come to an end");
    for (name, request) in [
        ("ask_sale", ask_sale(&account(), &order, SALT)),
        ("refund", refund(&account(), wanted, SALT)),
        ("ask_refund", ask_refund(&account(), wanted, SALT)),
    ] {
        let request = request.unwrap();
        assert_signed(&request);
        insta::assert_snapshot!(name, written(&request));
    }
}

#[test]
fn the_status_question_is_the_recorded_one() {
    let request = ask_sale(&account(), &reference("ORD-0001"), SALT).unwrap();
    let recorded = "3eNKis6cVZBA5AtaF++nnM5tcLyhT3qwOGnSxoWt2BAmWXtRFvBGtOFgC14RYF4CYvqSKpYWu/\
                    GfGftRc19lU5T+vNa/lg4eg07LnKq/iqk=";
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        format!(
            r#"{{"head":{{"signature":"{recorded}"}},"body":{{"mid":"TESTMI00000000000001","orderId":"ORD-0001"}}}}"#
        )
    );
}

#[test]
fn ids_in_addresses_are_escaped() {
    let odd = reference("a&b=c");
    let request = initiate(
        &account(),
        Order { reference: &odd, amount: rupees(100) },
        &Customer::default(),
        NOW,
        SALT,
    );
    assert_eq!(
        request.unwrap().url,
        "https://paytm.example/theia/api/v1/initiateTransaction\
         ?mid=TESTMI00000000000001&orderId=a%26b%3Dc"
    );
}

#[test]
fn only_rupees_are_sent() {
    let (order, reference) = (reference("ORD-0001"), reference("REF-0001"));
    let yen = Amount::new(100, Currency::from_code("JPY").unwrap()).unwrap();
    let sale = Order { reference: &order, amount: yen };
    let mut back = super::refund(&order, &reference);
    back.amount = yen;
    for request in [
        initiate(&account(), sale, &Customer::default(), NOW, SALT),
        refund(&account(), back, SALT),
    ] {
        assert!(matches!(request, Err(BuildError::Currency(currency)) if currency.code() == "JPY"));
    }
}
