//! The shop over real HTTP, against a Gate that answers as the platform does and signs as it does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::indexing_slicing, reason = "as above")]

mod platform;

use platform::{Gate, SECRET, Shop};
use serde_json::{Value, json};
use wire::gate::{RefundRequest, SaleRequest};
use wire::signature;

const PAYTM: &str = "https://pay.example/collect?xtid=CATH-ST";

/// A customer's order for two packets of chai that Gate has accepted; its id.
fn buy(shop: &Shop) -> String {
    let placed = shop.post("/orders", "product=chai&quantity=2");
    assert_eq!(placed.status, 303, "{}", placed.body);
    placed.header("location").strip_prefix("/orders/").unwrap().to_owned()
}

/// A callback about the sale of an order of ₹500, as the platform signs it.
fn callback(order: &str, second: u32, status: &str) -> Value {
    let operation = json!({"id": 49_572_000_001_893_i64, "type": "sale", "status": status});
    signed(about(order, second, status, &operation, 50_000))
}

fn refund(order: &str, second: u32, payment: &str, number: i64, status: &str, paise: i64) -> Value {
    let operation = json!({"id": number, "type": "refund", "status": status});
    signed(about(order, second, payment, &operation, paise))
}

fn redirect(order: &str, redirect_data: &Value) -> Value {
    let mut callback = callback(order, 10, "awaiting redirect result");
    callback["redirect_data"] = redirect_data.clone();
    signed(callback)
}

fn about(order: &str, second: u32, payment: &str, operation: &Value, paise: i64) -> Value {
    let date = format!("2019-09-03T10:58:{second:02}+0000");
    let sum = json!({"amount": paise, "currency": "INR"});
    let mut document = json!({
        "project_id": 200,
        "payment": {
            "id": order, "type": "purchase", "status": payment, "date": date,
            "method": "Paytm Wallet", "sum": {"amount": 50_000, "currency": "INR"}
        },
        "customer": {"id": "order-customer"},
        "operation": {
            "date": date, "created_date": date, "request_id": "d2debda97843c0c",
            "sum_initial": sum, "sum_converted": sum, "code": "0", "message": "Success",
            "provider": {"id": 2469, "payment_id": "fcccab5d465e"}
        }
    });
    for (name, value) in operation.as_object().unwrap() {
        document["operation"][name] = value.clone();
    }
    document
}

fn signed(mut document: Value) -> Value {
    document["signature"] = signature::sign(&document, SECRET).into();
    document
}

fn to_paytm(order: &str) -> Value {
    redirect(order, &json!({"body": [], "method": "GET", "url": PAYTM}))
}

/// What Gate makes of a request: the document, its signature checked.
fn verified(body: &str) -> Value {
    let document = wire::json::parse_strict(body.as_bytes()).unwrap();
    let given = signature::given(&document).unwrap();
    signature::verify(&document, given, &[SECRET]).unwrap();
    document
}

#[test]
fn an_order_is_paid_through_gate() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);

    let [(path, body)] = &gate.received()[..] else { panic!("one request") };
    assert_eq!(path, "/v2/payment/wallet/paytm/sale");
    let sale = SaleRequest::parse(&verified(body)).unwrap();
    assert_eq!((sale.payment.amount, sale.payment.currency.as_str()), (50_000, "INR"));
    assert_eq!(sale.payment.description.as_deref(), Some("2 × Masala chai, 250 g"));
    assert_eq!(sale.general.payment_id, order);
    assert_eq!(sale.general.merchant_callback_url, Some(format!("{}/callback", shop.url)));
    assert_eq!(sale.customer.ip_address, "127.0.0.1");
    let page_url = format!("{}/orders/{order}", shop.url);
    assert_eq!(sale.return_url.success.as_deref(), Some(page_url.as_str()));
    assert_eq!(sale.return_url.decline.as_deref(), Some(page_url.as_str()));
    assert_eq!(sale.return_url.returned.as_deref(), Some(page_url.as_str()));

    let page = shop.order(&order);
    assert!(page.contains("Gate accepted: request_id 6b77b588-b1c85eda-00090267"), "{page}");
    assert!(page.contains("http-equiv=\"refresh\""), "without scripts the page reloads itself");
    assert_eq!(
        shop.get(&format!("/orders/{order}/pay")).header("location"),
        format!("/orders/{order}")
    );

    assert_eq!(shop.tell(&to_paytm(&order)), (200, "OK".to_owned()));
    let page = shop.order(&order);
    assert!(page.contains("data-continue"), "with scripts the page goes on by itself");
    assert!(page.contains(&format!("href=\"/orders/{order}/pay\"")), "without, there is a button");
    assert!(!page.contains("http-equiv=\"refresh\""), "and time to press it");

    let handed_over = shop.get(&format!("/orders/{order}/pay"));
    assert_eq!((handed_over.status, handed_over.header("location")), (303, PAYTM));
    let page = shop.order(&order);
    assert!(!page.contains("data-continue"), "a customer who comes back is not sent away again");
    assert!(page.contains("Outcome awaited"));

    shop.tell(&callback(&order, 20, "success"));
    let page = shop.order(&order);
    assert!(page.contains("<h1>Paid</h1>"), "{page}");
    assert!(page.contains("Paytm knows it as fcccab5d465e"));
    assert!(!page.contains("http-equiv=\"refresh\""), "nothing more is awaited");
    assert_eq!(page.matches("signature verified").count(), 2);
    assert!(shop.get("/orders").body.contains("Paid"));
}

#[test]
fn a_redirect_by_post_is_a_form_that_sends_itself() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    let body = json!({"MID": "M1", "txnToken": "a\"><script>alert(1)</script>"});
    shop.tell(&redirect(&order, &json!({"body": body, "method": "POST", "url": PAYTM})));
    let page = shop.get(&format!("/orders/{order}/pay"));
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let form = page.body.split("<form").nth(1).unwrap().split("</form>").next().unwrap();
    let lines: Vec<&str> = form.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let expected = r#"
method="post" action="https:&#x2f;&#x2f;pay.example&#x2f;collect?xtid=CATH-ST">
<input type="hidden" name="MID" value="M1">
<input type="hidden" name="txnToken" value="a&quot;&gt;&lt;script&gt;alert(1)&lt;&#x2f;script&gt;">
<button>Continue to Paytm</button>"#;
    assert_eq!(lines.join("\n"), expected.trim_start());
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("form-action"), "{policy}");
}

#[test]
fn what_is_not_signed_changes_nothing() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    let before = shop.order(&order);
    let mut forged = callback(&order, 20, "success");
    forged["payment"]["date"] = "2019-09-03T10:58:21+0000".into();
    let mut unsigned = forged.clone();
    unsigned.as_object_mut().unwrap().remove("signature");
    for body in [forged.to_string(), unsigned.to_string(), "{}".to_owned(), String::new()] {
        assert_eq!(shop.post("/callback", &body).status, 400, "{body}");
    }
    assert_eq!(shop.order(&order), before);
}

#[test]
fn callbacks_may_come_twice_and_in_any_order() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    let (first, last) = (to_paytm(&order), callback(&order, 20, "success"));
    for callback in [&last, &first, &last, &first] {
        assert_eq!(shop.tell(callback).0, 200);
    }
    let page = shop.order(&order);
    assert!(page.contains("<h1>Paid</h1>") && !page.contains("data-continue"), "{page}");
    assert_eq!(page.matches("came 2 times").count(), 2);
    assert_eq!(page.matches("<details id=\"callback-").count(), 2);
    assert_eq!(shop.tell(&callback("no-such-order", 20, "success")).0, 200);
}

#[test]
fn a_refusal_is_shown_and_a_lost_answer_is_not_taken_for_one() {
    let refusal = r#"{"status":"error","code":"3261","message":"Invalid signature"}"#;
    let refusing = Gate::answering(401, refusal);
    let shop = Shop::open(&refusing);
    let page = shop.order(&buy(&shop));
    assert!(page.contains("Gate refused: code 3261, Invalid signature. Nothing was done."));
    assert!(page.contains("Payment not possible"));

    let silent = Gate::hanging_up();
    let shop = Shop::open(&silent);
    let order = buy(&shop);
    let page = shop.order(&order);
    assert!(page.contains("Unknown is not declined"), "{page}");
    assert!(page.contains("Do not pay twice."));
    shop.tell(&callback(&order, 20, "success"));
    assert!(shop.order(&order).contains("<h1>Paid</h1>"), "the payment had begun after all");
}

#[test]
fn money_is_given_back_once_for_each_form() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    assert!(!shop.order(&order).contains("Give money back"), "nothing has been paid");
    shop.tell(&callback(&order, 20, "success"));
    assert!(shop.order(&order).contains("₹500.00 may be given back"));

    let path = format!("/orders/{order}/refund");
    let form = format!("refund_id={order}-refund-1&amount=120.50");
    assert_eq!(shop.post(&path, &form).status, 303);
    assert_eq!(shop.post(&path, &form).status, 303);
    assert_eq!(shop.post(&path, &format!("refund_id={order}-refund-2&amount=x")).status, 400);
    let [_, (path, body)] = &gate.received()[..] else { panic!("a sale and one refund") };
    assert_eq!(path, "/v2/payment/wallet/paytm/refund");
    let asked = RefundRequest::parse(&verified(body)).unwrap().payment;
    assert_eq!(asked.sum, Some((12_050, "INR".to_owned())));
    assert_eq!(asked.merchant_refund_id, Some(format!("{order}-refund-1")));

    shop.tell(&refund(&order, 30, "partially refunded", 1, "success", 12_050));
    shop.tell(&refund(&order, 40, "partially refunded", 2, "decline", 90_000));
    let page = shop.order(&order);
    assert!(page.contains("<h1>Partly refunded</h1>"), "{page}");
    assert!(page.contains("₹379.50 may be given back"), "{page}");
    shop.tell(&refund(&order, 50, "refunded", 3, "success", 37_950));
    let page = shop.order(&order);
    assert!(page.contains("<h1>Refunded</h1>") && !page.contains("Give money back"), "{page}");
}

#[test]
fn the_platform_can_be_asked_and_is_believed_only_if_it_signs() {
    let answer = json!({"project_id": 200, "payment": {"id": "p", "status": "decline"}});
    let answer = signed(answer);
    for (answer, mark) in [
        (answer.to_string(), "signature verified"),
        (answer.to_string().replace("decline", "success"), "not to be believed"),
        ("<html>".to_owned(), "No answer to go by"),
    ] {
        let gate = Gate::answering(200, &answer);
        let shop = Shop::open(&gate);
        let order = buy(&shop);
        let page = shop.get(&format!("/orders/{order}/status"));
        assert!(page.body.contains(mark), "{}", page.body);
        let (path, body) = gate.received().pop().unwrap();
        assert_eq!(path, "/v2/payment/status");
        assert_eq!(verified(&body)["general"]["payment_id"], order);
    }
}

#[test]
fn a_page_hears_of_each_change() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    let events = format!("/orders/{order}/events");
    assert_eq!(shop.get(&events).body, "retry: 300\nid: 1\ndata: 1\n\n");
    let waiting = {
        let url = format!("{}{events}?after=1", shop.url);
        std::thread::spawn(move || platform::get(&url))
    };
    shop.tell(&to_paytm(&order));
    let event = waiting.join().unwrap();
    assert_eq!(event.header("content-type"), "text/event-stream");
    assert_eq!(event.body, "retry: 300\nid: 2\ndata: 2\n\n");
    assert_eq!(shop.get("/orders/none/events").status, 204);
}

#[test]
fn a_developer_chooses_amount_and_prefix() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let placed = shop.post("/orders", "amount=1,00,000.00&prefix=sandbox-auto-decline");
    assert!(placed.header("location").starts_with("/orders/sandbox-auto-decline-"));
    let (_, body) = gate.received().pop().unwrap();
    let sale = SaleRequest::parse(&verified(&body)).unwrap();
    assert_eq!(
        (sale.payment.amount, sale.customer.id.as_str()),
        (10_000_000, "sandbox-auto-decline-customer")
    );
    for wrong in
        ["amount=0", "amount=1&prefix=a/b", "product=chai&quantity=11", "product=gold&quantity=1"]
    {
        assert_eq!(shop.post("/orders", wrong).status, 400, "{wrong}");
    }
    assert_eq!(gate.received().len(), 1);
}

#[test]
fn payment_page_opens_with_a_signed_link() {
    let gate = Gate::accepting();
    let shop = Shop::open_with_page(&gate, "https://page.example");
    let placed = shop.post("/orders", "product=kettle&quantity=1&via=page");
    let link = shop.get(&format!("{}/pay", placed.header("location")));
    let (base, query) = link.header("location").split_once('?').unwrap();
    assert_eq!(base, "https://page.example/payment");
    let params = wire::query::Params::decode(query.as_bytes()).unwrap();
    let given = params.get("signature").unwrap();
    let unsigned = params.iter().filter(|(name, _)| *name != "signature");
    let unsigned = wire::query::Params::from_pairs(unsigned).unwrap();
    signature::verify_query(&unsigned, given, &[SECRET]).unwrap();
    assert_eq!(params.get("payment_amount"), Some("185000"));
    assert!(gate.received().is_empty());
}

#[test]
fn payment_page_is_shown_in_the_orders_page_by_its_widget() {
    let gate = Gate::accepting();
    let shop = Shop::open_with_page(&gate, "https://page.example/");
    for (via, is_embedded) in [("window", false), ("embedded", true)] {
        let placed = shop.post("/orders", &format!("product=kettle&quantity=1&via={via}"));
        let location = placed.header("location");
        let (path, fragment) = location.split_once('#').unwrap_or((location, ""));
        assert_eq!(fragment == "pay", !is_embedded, "the window opens by itself once");
        let id = path.strip_prefix("/orders/").unwrap();
        let page = shop.get(path);
        let policy = page.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self' https://page.example; \
             script-src 'self' https://page.example; img-src 'self'; connect-src 'self'; \
             frame-src https://page.example; form-action 'self' https://page.example; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        let html = unescaped(&page.body);
        assert!(html.contains("<script src=\"https://page.example/shared/merchant.js\" defer>"));
        assert!(html.contains("href=\"https://page.example/shared/merchant.css\""));
        assert!(!html.contains("data-continue"), "the browser stays");
        assert_eq!(html.contains("data-window"), !is_embedded, "a button opens the window again");
        let link = shop.get(&format!("{path}/pay"));
        let link = link.header("location");
        assert!(html.contains(&format!("id=\"payment-page\" data-link=\"{link}\"")), "{html}");
        assert_eq!(link.contains("&target_element=payment-page"), is_embedded, "{link}");

        shop.tell(&about_kettle(id));
        let page = shop.get(path);
        assert!(page.body.contains("<h1>Paid</h1>"), "{}", page.body);
        assert!(!page.body.contains("shared") && !page.body.contains("id=\"payment-page\""));
        assert!(!page.header("content-security-policy").contains("page.example"));
    }
    assert!(gate.received().is_empty());
}

#[test]
fn a_payment_link_can_be_sent_until_the_customer_pays() {
    let gate = Gate::accepting();
    let shop = Shop::open_with_page(&gate, "https://page.example");
    let placed = shop.post("/orders", "product=kettle&quantity=1&via=page");
    let path = placed.header("location");
    let link = shop.get(&format!("{path}/pay"));
    let (_, query) = link.header("location").split_once('?').unwrap();
    let params = wire::query::Params::decode(query.as_bytes()).unwrap();
    let best_before = params.get("best_before").unwrap();

    let html = unescaped(&shop.get(path).body);
    assert!(html.contains(&format!("tabindex=\"0\">{}</pre>", link.header("location"))), "{html}");
    assert!(html.contains(best_before), "{html}");
    shop.tell(&about_kettle(path.strip_prefix("/orders/").unwrap()));
    assert!(!shop.get(path).body.contains("Payment link"));

    let by_gate = buy(&shop);
    assert!(!shop.order(&by_gate).contains("Payment link"), "Gate has that payment already");
}

/// A callback that the order of one kettle, ₹1850, has been paid.
fn about_kettle(order: &str) -> Value {
    let mut callback = callback(order, 20, "success");
    callback["payment"]["sum"]["amount"] = 185_000.into();
    signed(callback)
}

/// A callback about one attempt to pay for one kettle.
fn attempt(order: &str, second: u32, payment: &str, number: i64, status: &str) -> Value {
    let operation = json!({"id": number, "type": "sale", "status": status});
    let mut callback = about(order, second, payment, &operation, 185_000);
    callback["payment"]["sum"]["amount"] = 185_000.into();
    callback["operation"]["code"] = "20301".into();
    callback["operation"]["message"] = "Account owner cancelled operation".into();
    signed(callback)
}

#[test]
fn a_customer_may_try_again_until_the_payment_ends() {
    let gate = Gate::accepting();
    let shop = Shop::open_with_page(&gate, "https://page.example");
    for (last, title) in [("success", "Paid"), ("decline", "Not paid")] {
        let placed = shop.post("/orders", "product=kettle&quantity=1&via=page");
        let path = placed.header("location");
        let id = path.strip_prefix("/orders/").unwrap();
        let to_page = shop.get(&format!("{path}/pay"));

        shop.tell(&attempt(id, 10, "awaiting redirect result", 1, "awaiting redirect result"));
        shop.tell(&attempt(id, 20, "awaiting customer", 1, "awaiting customer"));
        let page = shop.get(path).body;
        assert!(page.contains("<h1>Not paid yet</h1>"), "{page}");
        assert!(page.contains("Account owner cancelled operation. You may try again."));
        assert!(page.contains("<strong>The customer may try again</strong>"));
        assert!(page.contains(&format!("href=\"{path}/pay\">Try again</a>")));
        assert!(page.contains("http-equiv=\"refresh\""), "more is awaited");
        assert!(!page.contains("data-continue"), "the customer decides");
        assert!(!page.contains("Give money back"));
        let again = shop.get(&format!("{path}/pay"));
        assert_eq!(again.header("location"), to_page.header("location"), "one link for all");

        shop.tell(&attempt(id, 30, "awaiting redirect result", 2, "awaiting redirect result"));
        assert!(shop.get(path).body.contains("<h1>Ready to pay</h1>"));
        shop.tell(&attempt(id, 40, last, 2, last));
        let page = shop.get(path).body;
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
        assert!(
            page.contains("Payment: awaiting customer")
                && page.contains(&format!("Payment: {last}"))
        );
        assert!(!page.contains("try again") && !page.contains("http-equiv=\"refresh\""));
        assert_eq!(shop.get(&format!("{path}/pay")).header("location"), path);
    }
}

/// HTML with addresses as they are read.
fn unescaped(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&amp;", "&")
}

#[test]
fn without_payment_page_there_is_gate() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    assert!(!shop.get("/").body.contains("Payment Page"));
    assert_eq!(shop.post("/orders", "product=chai&quantity=1&via=window").status, 303);
    assert_eq!(gate.received().len(), 1);

    let shop = Shop::open_with_page(&gate, "https://page.example");
    let shelf = shop.get("/").body;
    for via in ["page", "window", "embedded"] {
        assert!(shelf.contains(&format!("name=\"via\" value=\"{via}\"")), "{shelf}");
    }
}

#[test]
fn no_page_runs_what_is_written_into_it() {
    let gate = Gate::accepting();
    let shop = Shop::open(&gate);
    let order = buy(&shop);
    let mut callback = callback(&order, 20, "success");
    callback["note"] = "<script>alert(1)</script>".into();
    shop.tell(&signed(callback));
    for path in ["/", "/orders", &format!("/orders/{order}"), "/nothing/here"] {
        let page = shop.get(path);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
        assert!(policy.contains("form-action 'self'"));
        for inline in ["<script>", "<style", " style=", " onclick="] {
            assert!(!page.body.contains(inline), "{path} contains {inline}");
        }
    }
    assert!(shop.order(&order).contains("&lt;script&gt;alert(1)"));
}
