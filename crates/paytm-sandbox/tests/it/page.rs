//! The wallet page as a browser without JavaScript uses it.

use serde_json::json;

use crate::client::{Answer, MID, Sandbox, order};

struct Browser<'a> {
    sandbox: &'a Sandbox,
    page: Answer,
}

impl<'a> Browser<'a> {
    async fn open(sandbox: &'a Sandbox, order_id: &str, token: &str) -> Self {
        let fields = [("mid", MID), ("orderId", order_id), ("txnToken", token)];
        let page = sandbox.post_form("/theia/api/v1/showPaymentPage", &fields).await;
        Self { sandbox, page }
    }

    /// Fills in the form that posts to `action` and sends it.
    async fn submit(&mut self, action: &str, entered: &[(&str, &str)]) -> &Answer {
        let hidden = self.page.form(action);
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend(entered);
        self.page = self.sandbox.post_form(action, &fields).await;
        &self.page
    }

    async fn log_in(&mut self, phone: &str) -> &Answer {
        self.submit("/sandbox/page/otp", &[("phone", phone)]).await;
        self.submit("/sandbox/page/login", &[("otp", "489871")]).await
    }
}

#[tokio::test]
async fn a_person_pays_from_the_wallet() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    assert!(browser.page.text.contains("₹100.00"));
    assert!(browser.log_in("7777777777").await.text.contains("₹7,000.00"));
    let back = browser.submit("/sandbox/page/pay", &[]).await;
    let callback = back.callback();
    assert_eq!(callback["STATUS"], "TXN_SUCCESS");
    assert_eq!(callback["RESPCODE"], "01");
    assert_eq!(callback["TXNAMOUNT"], "100.00");
    assert_eq!(callback["PAYMENTMODE"], "PPI");
    assert_eq!(callback["GATEWAYNAME"], "WALLET");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 0]);

    let token = sandbox.order("ORD-2").await;
    let mut browser = Browser::open(&sandbox, "ORD-2", &token).await;
    assert!(browser.log_in("7777777777").await.text.contains("₹6,900.00"));
}

#[tokio::test]
async fn a_doubled_click_pays_once() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    browser.log_in("7777777777").await;
    let fields: Vec<_> = browser.page.form("/sandbox/page/pay");
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for _ in 0..2 {
        let back = sandbox.post_form("/sandbox/page/pay", &fields).await;
        assert_eq!(back.callback()["STATUS"], "TXN_SUCCESS");
    }
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 0]);
}

#[tokio::test]
async fn leaving_brings_the_short_callback() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    let callback = browser.submit("/sandbox/page/cancel", &[]).await.callback();
    let names: Vec<_> = callback.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "BANKTXNID",
            "CHECKSUMHASH",
            "CURRENCY",
            "MID",
            "ORDERID",
            "RESPCODE",
            "RESPMSG",
            "STATUS",
            "TXNAMOUNT",
            "TXNID",
        ]
    );
    assert_eq!(callback["RESPCODE"], "141");
    assert_eq!(callback["BANKTXNID"], "");
    assert_eq!(sandbox.status("ORD-1").await.code(), "141");
}

#[tokio::test]
async fn a_wallet_with_too_little_is_declined() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    let balance = browser.log_in("9999999999").await;
    assert!(balance.text.contains("₹50.00") && balance.text.contains("too little"));
    let callback = browser.submit("/sandbox/page/pay", &[]).await.callback();
    assert_eq!(
        (callback["STATUS"].as_str(), callback["RESPCODE"].as_str()),
        ("TXN_FAILURE", "235")
    );
    assert_eq!(sandbox.booked("ORD-1").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_refund_fills_the_wallet_again() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    browser.log_in("7777777777").await;
    let txn_id = browser.submit("/sandbox/page/pay", &[]).await.callback()["TXNID"].clone();
    let refund = crate::client::refund("ORD-1", &txn_id, "R1", "60.00");
    sandbox.try_refund(&refund).await.unwrap();
    sandbox.advance(5_000).await;
    let token = sandbox.order("ORD-2").await;
    let mut browser = Browser::open(&sandbox, "ORD-2", &token).await;
    assert!(browser.log_in("7777777777").await.text.contains("₹6,960.00"));
}

#[tokio::test]
async fn wrong_entries_are_asked_again() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    let page = browser.submit("/sandbox/page/otp", &[("phone", "123")]).await;
    assert!(page.text.contains("ten digits"));
    browser.submit("/sandbox/page/otp", &[("phone", "7777777777")]).await;
    let page = browser.submit("/sandbox/page/login", &[("otp", "000000")]).await;
    assert!(page.text.contains("not right"));

    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    let page = browser.submit("/sandbox/page/upi", &[("vpa", "no-at-sign")]).await;
    assert!(page.text.contains("Enter a UPI ID"));

    let unauthorised = [
        ("mid", MID),
        ("orderId", "ORD-1"),
        ("txnToken", token.as_str()),
        ("phone", "7777777777"),
        ("otp", "000000"),
    ];
    sandbox.post_form("/sandbox/page/pay", &unauthorised).await;
    assert_eq!(sandbox.booked("ORD-1").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_person_approves_or_declines_by_upi() {
    let sandbox = Sandbox::start().await;
    for (order_id, action, code) in
        [("A", "/sandbox/page/approve", "01"), ("B", "/sandbox/page/decline", "227")]
    {
        let token = sandbox.order(order_id).await;
        let mut browser = Browser::open(&sandbox, order_id, &token).await;
        browser.submit("/sandbox/page/upi", &[("vpa", "7777777777@paytm")]).await;
        let callback = browser.submit(action, &[]).await.callback();
        assert_eq!(callback["RESPCODE"], code);
        assert_eq!(callback["PAYMENTMODE"], "UPI");
        assert_eq!(callback["BANKTXNID"].len(), 12);
        assert!(!callback.contains_key("BANKNAME"));
    }
}

#[tokio::test]
async fn only_allowed_modes_are_shown() {
    let sandbox = Sandbox::start().await;
    for (order_id, allowed, hidden) in
        [("BALANCE", "Paytm Wallet", "UPI ID"), ("UPI", "UPI ID", "Paytm Wallet")]
    {
        let mut body = order(order_id);
        body["enablePaymentMode"] = json!([{"mode": order_id}]);
        let token = sandbox.order_of(&body).await;
        let browser = Browser::open(&sandbox, order_id, &token).await;
        assert!(browser.page.text.contains(allowed) && !browser.page.text.contains(hidden));
    }
}

#[tokio::test]
async fn the_page_needs_post_and_the_right_token() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let path = format!("/theia/api/v1/showPaymentPage?mid={MID}&orderId=ORD-1&txnToken={token}");
    assert!(sandbox.get(&path).await.text.contains("Something went wrong"));
    let browser = Browser::open(&sandbox, "ORD-1", "wrong").await;
    assert!(browser.page.text.contains("session has expired"));
    assert_eq!(sandbox.status("ORD-1").await.code(), "334");
}

#[tokio::test]
async fn a_phone_can_choose_a_scenario() {
    let sandbox = Sandbox::start().await;
    let phone = paytm_sandbox::by_name("declined").unwrap().phone().unwrap();
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    browser.log_in(&phone).await;
    assert_eq!(browser.submit("/sandbox/page/pay", &[]).await.callback()["RESPCODE"], "227");
}

#[tokio::test]
async fn policies_are_strict() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let mut browser = Browser::open(&sandbox, "ORD-1", &token).await;
    let policy = browser.page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert!(!policy.contains("script-src") && !browser.page.text.contains("<script"));

    let back = browser.submit("/sandbox/page/cancel", &[]).await;
    let policy = back.headers["content-security-policy"].to_str().unwrap();
    let (_, rest) = policy.split_once("script-src 'nonce-").unwrap();
    let (nonce, _) = rest.split_once('\'').unwrap();
    assert!(back.text.contains(&format!("<script nonce=\"{nonce}\">")));
    assert!(!policy.contains("unsafe"));
}
