//! The method's document shows five callbacks; ours have the same members in the same order and
//! of the same types.

use domain::id::{OperationId, PaymentId, PaymentKey, ProjectId, ProviderReference, RequestId};
use domain::money::Currency;
use domain::payment::{Customer, LateSuccessPolicy, ReturnUrls, Sale, Terms};
use domain::provider::Receipt;
use domain::refund::RefundOrigin;
use serde_json::Value;

use super::*;
use crate::project::{Keys, PaytmSettings, Settings, SigningKey};

const SALE_SUCCESS: &str = include_str!("../../../wire/tests/documents/sale-success.json");
const SALE_DECLINE: &str = include_str!("../../../wire/tests/documents/sale-decline.json");
const REFUND_SUCCESS: &str = include_str!("../../../wire/tests/documents/refund-success.json");
const REFUND_DECLINE: &str = include_str!("../../../wire/tests/documents/refund-decline.json");

#[test]
fn callbacks_are_the_ones_of_the_document() {
    let declined = SaleState::Declined { code: Code::AutoDecline, transaction_id: None };
    let back = RefundState::Refunded { provider_id: Some("4952688".into()) };
    let too_much = RefundState::Declined { code: Code::RefundTooLarge };
    let cases = [
        (SALE_SUCCESS, payment(captured(), vec![]), CallbackKind::Sale),
        (SALE_DECLINE, payment(declined, vec![]), CallbackKind::Sale),
        (REFUND_SUCCESS, payment(captured(), vec![refund(back, 2500)]), REFUND),
        (REFUND_DECLINE, payment(captured(), vec![refund(too_much, 9900)]), REFUND),
    ];
    for (document, payment, kind) in cases {
        let ours = callback(&project(), &payment, kind, Timestamp(0)).unwrap().unwrap();
        let ours: Value = serde_json::from_str(&ours.body).unwrap();
        let theirs: Value = serde_json::from_str(document).unwrap();
        assert_eq!(shape(&ours, ""), shape(&theirs, ""), "{kind:?}");
    }
}

#[test]
fn the_redirect_is_told_as_in_the_document() {
    let redirect = SaleState::AwaitingRedirect(Redirect {
        method: RedirectMethod::Get,
        url: "https://pay.example/collect".into(),
        fields: vec![],
    });
    let told =
        callback(&project(), &payment(redirect, vec![]), CallbackKind::Redirect, Timestamp(0));
    let told: Value = serde_json::from_str(&told.unwrap().unwrap().body).unwrap();
    let expected = r#"{"body":[],"method":"GET","url":"https://pay.example/collect"}"#;
    assert_eq!(told["redirect_data"].to_string(), expected);
    assert_eq!(told["payment"]["status"], "awaiting redirect result");
    assert_eq!(told["operation"]["status"], "awaiting redirect result");
    assert_eq!(told["operation"]["code"], "9999");
}

#[test]
fn words_are_the_ones_of_the_document() {
    let ours = callback(&project(), &payment(captured(), vec![]), CallbackKind::Sale, Timestamp(0));
    let ours: Value = serde_json::from_str(&ours.unwrap().unwrap().body).unwrap();
    for (member, expected) in [
        ("/payment/type", "purchase"),
        ("/payment/status", "success"),
        ("/payment/method", "Paytm Wallet"),
        ("/operation/type", "sale"),
        ("/operation/code", "0"),
        ("/operation/message", "Success"),
        ("/operation/provider/auth_code", ""),
        ("/operation/created_date", "2019-09-03T09:43:12+0000"),
    ] {
        assert_eq!(ours.pointer(member).and_then(Value::as_str), Some(expected), "{member}");
    }
    assert_eq!(ours.pointer("/operation/provider/id").and_then(Value::as_i64), Some(2469));
}

#[test]
fn informational_callbacks_can_be_switched_off_and_prescriptive_ones_not() {
    let mut silent = payment(captured(), vec![]);
    silent.terms.callback.disabled = true;
    let made = |kind| callback(&project(), &silent, kind, Timestamp(0)).unwrap().is_some();
    assert!(!made(CallbackKind::Sale));
    assert!(made(CallbackKind::Redirect));
}

#[test]
fn the_nearest_address_counts() {
    let mut project = project();
    let mut payment = payment(captured(), vec![refund(RefundState::Queued, 1)]);
    let url = |project: &Project, payment: &Payment, kind| {
        callback(project, payment, kind, Timestamp(0)).unwrap().map(|callback| callback.url)
    };
    assert_eq!(url(&project, &payment, REFUND).as_deref(), Some("http://project/"));
    payment.terms.callback.url = Some("http://payment/".into());
    assert_eq!(url(&project, &payment, REFUND).as_deref(), Some("http://payment/"));
    payment.refunds[0].callback.url = Some("http://refund/".into());
    assert_eq!(url(&project, &payment, REFUND).as_deref(), Some("http://refund/"));
    assert_eq!(url(&project, &payment, CallbackKind::Sale).as_deref(), Some("http://payment/"));
    payment.terms.callback.url = None;
    project.settings.callback_url = None;
    assert_eq!(url(&project, &payment, CallbackKind::Sale), None);
}

#[test]
fn an_attempt_that_failed_leaves_the_payment_open() {
    let failed = SaleState::AwaitingRetry { code: Code::InsufficientFunds, transaction_id: None };
    let told = callback(&project(), &payment(failed, vec![]), CallbackKind::Sale, Timestamp(0));
    let told: Value = serde_json::from_str(&told.unwrap().unwrap().body).unwrap();
    assert_eq!(told["payment"]["status"], "awaiting customer");
    assert_eq!(told["operation"]["status"], "awaiting customer");
    assert_eq!(told["operation"]["code"], "20105");

    let over = SaleState::Declined { code: Code::InsufficientFunds, transaction_id: None };
    let earlier = vec![sale(OperationId(1), 1, over)];
    let payment = Payment {
        sale: sale(OperationId(3), 2, captured()),
        earlier,
        ..payment(captured(), vec![])
    };
    let ids_and_words: Vec<_> =
        status(&payment).operations.iter().map(|it| (it.id, it.status)).collect();
    assert_eq!(ids_and_words, [(1, OperationStatus::Decline), (3, OperationStatus::Success)]);
}

const REFUND: CallbackKind = CallbackKind::Refund(OperationId(2));

/// Every member with its type, in order.
fn shape(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| shape(member, &format!("{path}/{name}")))
            .collect(),
        Value::String(_) => vec![format!("{path} text")],
        Value::Number(_) => vec![format!("{path} number")],
        Value::Array(_) => vec![format!("{path} list")],
        Value::Null | Value::Bool(_) => vec![format!("{path} forbidden")],
    }
}

fn captured() -> SaleState {
    SaleState::Captured(Receipt {
        transaction_id: "fcccab5d465e".into(),
        date: Some(Timestamp(1_567_503_830_000)),
        mode: None,
        bank_reference: None,
    })
}

fn payment(state: SaleState, refunds: Vec<Refund>) -> Payment {
    Payment {
        key: PaymentKey::new(ProjectId(200), PaymentId("TEST_554862".into())),
        version: 1,
        terms: Terms {
            amount: inr(2500),
            converted: inr(2500),
            description: Some("TEST_554862".into()),
            customer: Customer {
                id: "12345".into(),
                phone: Some("31647812345".into()),
                ..Customer::default()
            },
            callback: CallbackPreference::default(),
            return_urls: ReturnUrls::default(),
            late_success: LateSuccessPolicy::GiveBack,
            limit_at: Timestamp(0),
            attempts: 3,
            request_digest: 0,
        },
        sale: sale(OperationId(1), 1, state),
        earlier: vec![],
        refunds,
    }
}

fn sale(id: OperationId, attempt: u32, state: SaleState) -> Sale {
    Sale {
        id,
        attempt,
        request: RequestId("request".into()),
        reference: ProviderReference("order".into()),
        created: Timestamp(1_567_503_792_000),
        updated: Timestamp(1_567_508_290_000),
        last_question_asked: false,
        state,
    }
}

fn refund(state: RefundState, minor: i64) -> Refund {
    Refund {
        id: OperationId(2),
        sale: OperationId(1),
        request: RequestId("refund request".into()),
        reference: ProviderReference("refund".into()),
        merchant_refund_id: None,
        origin: RefundOrigin::Merchant,
        amount: inr(minor),
        converted: inr(minor),
        description: None,
        callback: CallbackPreference::default(),
        created: Timestamp(0),
        updated: Timestamp(0),
        state,
    }
}

fn inr(minor: i64) -> Amount {
    Amount::new(minor, Currency::INR).unwrap()
}

fn project() -> Project {
    let paytm = PaytmSettings {
        mid: "MID".into(),
        base_url: "http://paytm".into(),
        website: "WEBSTAGING".into(),
        modes: vec![],
    };
    let secret = SigningKey { secret: "secret".into(), created: Timestamp(0) };
    Project {
        id: ProjectId(200),
        name: "test".into(),
        settings: Settings { callback_url: Some("http://project/".into()), ..Settings::new(paytm) },
        keys: Keys { signing: vec![secret], paytm: String::new() },
        created: Timestamp(0),
    }
}
