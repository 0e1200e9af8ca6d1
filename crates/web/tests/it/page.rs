//! Payment Page: from the signed link to the result, as a browser's requests see it.

mod attempts;
mod hostile;
mod obstacles;
mod parameters;
mod statics;

use domain::code::Code;
use domain::payment::{LateSuccessPolicy, SaleState};
use domain::provider::SaleAnswer;
use domain::time::Millis;
use wire::query::Params;
use wire::signature;

use crate::client::{Answer, send};
use crate::world::{LIVE, LIVE_SECRET, NOW, World, paid};

/// The least that opens the page, with these further parameters, not signed.
pub(super) fn params(more: &[(&str, &str)]) -> Params {
    let least = [
        ("project_id", "200"),
        ("payment_id", "p-1"),
        ("payment_amount", "99999900"),
        ("payment_currency", "INR"),
        ("customer_id", "customer-1"),
    ];
    let params = Params::from_pairs(least).unwrap();
    more.iter().fold(params, |params, (name, value)| params.with(name, value))
}

/// Signed with the project's secret.
pub(super) fn signed(params: &Params) -> Params {
    params.clone().with("signature", &signature::sign_query(params, LIVE_SECRET))
}

pub(super) async fn open(world: &World, params: &Params) -> Answer {
    world.get(&format!("/payment?{}", params.encode())).await
}

pub(super) async fn confirm(world: &World, params: &Params) -> Answer {
    confirm_by(world, &form(&params.encode())).await
}

/// What the page's own form sends for these encoded parameters.
pub(super) fn form(parameters: &str) -> Params {
    Params::from_pairs([("parameters", parameters)]).unwrap()
}

pub(super) async fn confirm_by(world: &World, form: &Params) -> Answer {
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    send(world.address(), "POST", "/payment/confirm", kind, form.encode().as_bytes()).await
}

/// Confirms, and returns the path of the payment's own page.
pub(super) async fn start(world: &World, params: &Params) -> String {
    let answer = confirm(world, params).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").unwrap().to_owned()
}

async fn follow(world: &World, path: &str, headers: &str) -> Answer {
    send(world.address(), "GET", path, headers, b"").await
}

#[tokio::test]
async fn nothing_is_stored_until_the_customer_confirms() {
    let world = World::new().await;
    let link = signed(&params(&[("payment_description", "Tea & <cups>")]));
    for path in ["/payment", "/payment/payment"] {
        let opened = world.get(&format!("{path}?{}", link.encode())).await;
        assert_eq!(opened.status, 200);
        assert!(opened.body.contains("₹9,99,999.00"));
        assert!(opened.body.contains("Tea &amp; &lt;cups&gt;"));
    }
    let form = send(world.address(), "POST", "/payment", "", link.encode().as_bytes()).await;
    assert_eq!(form.status, 200);
    assert!(world.stored("p-1").await.is_none());

    let page = start(&world, &link).await;
    let payment = world.payment("p-1").await;
    assert_eq!(payment.terms.amount.minor(), 99_999_900);
    assert_eq!(payment.terms.customer.ip_address.as_deref(), Some("127.0.0.1"));
    let returned = format!("https://pay.example{page}/returned");
    let urls = payment.terms.return_urls;
    for url in [urls.success, urls.decline, urls.unknown] {
        assert_eq!(url.as_ref(), Some(&returned));
    }
    assert!(world.get(&page).await.body.contains("Connecting to Paytm"));
}

#[tokio::test]
async fn confirming_again_leads_to_the_same_payment() {
    let world = World::new().await;
    let link = signed(&params(&[]));
    let first = start(&world, &link).await;
    let request = world.payment("p-1").await.sale.request;
    assert_eq!(start(&world, &link).await, first);
    // What stands outside the signature does not make another payment.
    assert_eq!(start(&world, &link.clone().with("_plugin_version", "1")).await, first);
    assert_eq!(world.payment("p-1").await.sale.request, request);

    let opened = open(&world, &link).await;
    assert_eq!((opened.status, opened.header("location")), (303, Some(first.as_str())));
    let other = signed(&params(&[("payment_amount", "200")]));
    assert_eq!(open(&world, &other).await.status, 409);
    assert_eq!(confirm(&world, &other).await.status, 409);
    assert_eq!(world.payment("p-1").await.terms.amount.minor(), 99_999_900);
}

#[tokio::test]
async fn a_link_that_is_signed_again_leads_to_the_same_payment() {
    let world = World::new().await;
    let first = start(&world, &signed(&params(&[]))).await;
    let shop = ("merchant_success_url", "https://shop.example/new");
    for more in [
        ("language_code", "hi"),
        ("target_element", "pay-here"),
        ("best_before", "2026-01-31T10:10:00+00:00"),
        ("customer_email", "someone@shop.example"),
        ("payment_description", "Two cups"),
        ("something_new", "1"),
        shop,
    ] {
        let again = signed(&params(&[more]));
        let opened = open(&world, &again).await;
        assert_eq!(opened.status, 303, "{more:?}");
        assert_eq!(Some(start(&world, &again).await.as_str()), opened.header("location"));
    }
    let again = start(&world, &signed(&params(&[shop, ("language_code", "hi")]))).await;
    assert_ne!(again, first);
    world.provider_says("p-1", paid()).await;
    let shown = world.get(&again).await.body;
    assert!(shown.contains(r#"<html lang="hi">"#), "{shown}");
    assert!(shown.contains("shop.example&#x2f;new"), "{shown}");
}

#[tokio::test]
async fn another_payment_under_the_same_number_is_refused() {
    let world = World::new().await;
    start(&world, &signed(&params(&[]))).await;
    for other in [("payment_amount", "99999901"), ("customer_id", "customer-2")] {
        let link = signed(&params(&[other]));
        assert_eq!(open(&world, &link).await.status, 409, "{other:?}");
        assert_eq!(confirm(&world, &link).await.status, 409, "{other:?}");
    }
}

/// The value of the page's hidden field, as a browser reads it.
fn hidden_parameters(page: &str) -> String {
    let field = page.split_once(r#"name="parameters" value=""#).unwrap().1;
    let value = field.split_once('"').unwrap().0;
    value
        .replace("&amp;", "&")
        .replace("&#x2f;", "/")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
}

#[tokio::test]
async fn what_browsers_rewrite_in_forms_is_confirmed_as_it_was_signed() {
    for (value, from_a_form) in [
        ("12 MG Road\nBengaluru", "12 MG Road\r\nBengaluru"),
        ("12 MG Road\rBengaluru", "12 MG Road\r\nBengaluru"),
        ("12 MG Road\r\nBengaluru", "12 MG Road\r\nBengaluru"),
        ("nothing\0ness", "nothing\0ness"),
        ("'\"<&/+ %41é₹\u{1f375}", "'\"<&/+ %41é₹\u{1f375}"),
    ] {
        let world = World::new().await;
        let link = signed(&params(&[("customer_address", value)]));
        let by_link = open(&world, &link).await;
        assert_eq!(by_link.status, 200, "{value:?}");
        let sent = link.clone().with("customer_address", from_a_form).encode();
        let by_form = send(world.address(), "POST", "/payment", "", sent.as_bytes()).await;
        assert_eq!(by_form.status, 200, "{value:?}");
        for opened in [by_link, by_form] {
            let parameters = hidden_parameters(&opened.body);
            assert_eq!(parameters, link.encode());
            assert_eq!(confirm_by(&world, &form(&parameters)).await.status, 303, "{value:?}");
        }
    }
}

#[tokio::test]
async fn confirmations_at_once_make_one_payment() {
    let world = World::new().await;
    let link = signed(&params(&[]));
    let (first, second, third) =
        tokio::join!(start(&world, &link), start(&world, &link), start(&world, &link));
    assert_eq!([&first, &first], [&second, &third]);
}

#[tokio::test]
async fn the_result_is_shown_with_the_way_back() {
    for (answer, way, words) in [
        (paid(), "merchant_success_url", "Payment successful"),
        (failed(Code::MerchantBlocked), "merchant_fail_url", "Please tell the shop"),
    ] {
        let world = World::new().await;
        let page = start(&world, &signed(&params(&[(way, "https://shop.example/?a=1&b=2")]))).await;
        world.provider_says("p-1", answer).await;
        let shown = world.get(&page).await.body;
        assert!(shown.contains(words), "{shown}");
        assert!(
            shown.contains(r#"href="https:&#x2f;&#x2f;shop.example&#x2f;?a=1&amp;b=2""#),
            "{shown}"
        );
        let again = world.get(&format!("{page}/returned")).await;
        assert!(again.body.contains(words));
    }
}

#[tokio::test]
async fn every_decline_has_words_for_customers() {
    for code in Code::ALL.iter().filter(|code| **code != Code::Success) {
        let world = World::new().await;
        let page = start(&world, &signed(&params(&[]))).await;
        world.provider_says("p-1", failed(*code)).await;
        let shown = world.get(&page).await;
        assert_eq!(shown.status, 200, "{code:?}");
        assert!(shown.body.contains("class=\"reason\""), "{code:?}");
    }
}

#[tokio::test]
async fn late_money_is_told_of_as_the_project_treats_it() {
    for (policy, words) in [
        (LateSuccessPolicy::GiveBack, "all the same, it comes back by itself"),
        (LateSuccessPolicy::Promote, "all the same, it counts for this payment"),
    ] {
        let world = World::new().await;
        world.change_project(LIVE, |project| project.settings.late_success = policy).await;
        let page = start(&world, &signed(&params(&[]))).await;
        world.provider_says("p-1", failed(Code::MerchantBlocked)).await;
        let shown = world.get(&page).await.body;
        assert!(shown.contains(words), "{policy:?}: {shown}");
    }
}

fn failed(code: Code) -> SaleAnswer {
    SaleAnswer::Failed { code, transaction_id: None }
}

#[tokio::test]
async fn redirects_at_once_go_from_the_page_but_not_from_a_frame_or_its_tab() {
    let world = World::new().await;
    let link = signed(&params(&[("redirect_success_url", "https://shop.example/done")]));
    let page = start(&world, &link).await;
    world.provider_says("p-1", paid()).await;
    let gone = world.get(&format!("{page}/returned")).await;
    assert_eq!((gone.status, gone.header("location")), (303, Some("https://shop.example/done")));

    let framed = follow(&world, &page, "Sec-Fetch-Dest: iframe\r\n").await;
    assert_eq!(framed.status, 200);
    assert!(framed.body.contains(r#"data-onward="https:"#));
    let tab = world.get(&format!("{page}?in=tab")).await;
    assert_eq!(tab.status, 200);
    assert!(tab.body.contains("You can close this tab"));
}

#[tokio::test]
async fn forms_may_lead_to_where_a_result_leads() {
    let world = World::new().await;
    let link = signed(&params(&[
        ("redirect_success_url", "https://shop.example/done"),
        ("redirect_fail_url", "https://other.example/failed"),
        ("merchant_return_url", "https://third.example/"),
    ]));
    let opened = open(&world, &link).await;
    let policy = opened.header("content-security-policy").unwrap();
    let expected = "form-action 'self' https://shop.example https://other.example;";
    assert!(policy.contains(expected), "{policy}");
}

#[tokio::test]
async fn a_browser_that_does_not_tell_frames_is_told() {
    let world = World::new().await;
    let redirect = ("redirect_success_url", "https://shop.example/done");
    let link = signed(&params(&[redirect]));
    let page = start(&world, &link).await;
    let again = world.get(&format!("/payment?{}&frame_mode=popup", link.encode())).await;
    assert_eq!(again.header("location"), Some(format!("{page}?in=frame").as_str()));
    world.provider_says("p-1", paid()).await;
    let framed = world.get(&format!("{page}?in=frame")).await;
    assert_eq!(framed.status, 200);
    assert!(framed.body.contains(r#"data-onward="https:"#));
    let window = follow(&world, &format!("{page}?in=frame"), "Sec-Fetch-Dest: document\r\n").await;
    assert_eq!(window.status, 303, "the browser knows better");
}

#[tokio::test]
async fn what_names_no_page_is_answered_as_a_page() {
    let world = World::new().await;
    for path in ["/payment/%FF", "/payment/x?in=a&in=b", "/payment/a/b/c", "/payment/x/nothing"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("There is no such page"), "{path}: {}", answer.body);
        assert!(answer.header("content-security-policy").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_frame_pays_in_a_tab_and_follows() {
    let world = World::new().await;
    let link = signed(&params(&[]));
    let path = format!("/payment?{}", link.encode());
    let framed = follow(&world, &path, "Sec-Fetch-Dest: iframe\r\n").await;
    assert!(framed.body.contains(r#"class="confirm" target="_blank""#));
    assert!(framed.body.contains(r#"name="framed" value="1""#));
    let told = world.get(&format!("{path}&frame_mode=popup")).await;
    assert!(told.body.contains(r#"target="_blank""#), "an old browser, but the widget says so");
    let page =
        follow(&world, &format!("{path}&frame_mode=popup"), "Sec-Fetch-Dest: document\r\n").await;
    assert!(!page.body.contains(r#"target="_blank""#));

    assert!(!page.body.contains(r#"name="framed""#));

    let confirmed = confirm_by(&world, &form(&link.encode()).with("framed", "1")).await;
    let tab = confirmed.header("location").unwrap();
    assert!(tab.ends_with("?in=tab"), "{tab}");
    let returned = world.payment("p-1").await.terms.return_urls.success.unwrap();
    assert!(returned.ends_with("/returned?in=tab"), "{returned}");
}

#[tokio::test]
async fn a_waiting_page_is_told_of_the_result() {
    let world = World::new().await;
    let page = start(&world, &signed(&params(&[]))).await;
    let events = format!("{page}/events");
    let following = follow(&world, &events, "");
    let paying = async {
        world.provider_says("p-1", paid()).await;
    };
    let (stream, ()) = tokio::join!(following, paying);
    assert_eq!(stream.status, 200);
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    assert!(stream.body.contains("event: stage\ndata: paid 1\n\n"), "{}", stream.body);
}

#[tokio::test]
async fn a_payments_page_outlives_the_link() {
    let world = World::new().await;
    let link = signed(&params(&[("best_before", "2026-01-31T10:05:00+00:00")]));
    let page = start(&world, &link).await;
    assert_eq!(world.payment("p-1").await.terms.limit_at, NOW.plus(Millis::minutes(5)));
    world.provider_says("p-1", paid()).await;
    world.clock.set(NOW.plus(Millis::hours(1)));
    assert_eq!(open(&world, &link).await.header("location"), Some(page.as_str()));
    assert!(matches!(world.payment("p-1").await.sale.state, SaleState::Captured(_)));
}

#[tokio::test]
async fn a_far_away_end_is_not_kept_to() {
    let world = World::new().await;
    let link = signed(&params(&[("best_before", "2027-01-31T10:05:00+00:00")]));
    start(&world, &link).await;
    assert_eq!(world.payment("p-1").await.terms.limit_at, NOW.plus(Millis::minutes(15)));
}

#[tokio::test]
async fn branding_and_frames_are_the_projects() {
    let world = World::new().await;
    world
        .change_project(LIVE, |project| {
            let settings = &mut project.settings;
            settings.branding.display_name = Some("Chai <3".into());
            settings.branding.accent = Some("#ffcc00".into());
            settings.branding.logo_url = Some("https://cdn.example/logo.png".into());
            settings.frame_ancestors =
                ["https://shop.example/any/path", "*", "'self'", "https://*.example"]
                    .map(Into::into)
                    .into();
        })
        .await;
    world.clock.set(NOW.plus(Millis::seconds(2)));
    let opened = open(&world, &signed(&params(&[]))).await;
    assert!(opened.body.contains("Chai &lt;3"));
    assert!(opened.body.contains("--accent:#ffcc00;--on-accent:#000"));
    let policy = opened.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors https://shop.example;"), "{policy}");
    assert!(policy.contains("img-src data: https://cdn.example;"), "{policy}");
}

#[tokio::test]
async fn every_page_exists_in_every_language() {
    for language in ["bn", "en", "hi", "mr", "ru", "ta", "te"] {
        let world = World::new().await;
        let link = |id| signed(&params(&[("payment_id", id), ("language_code", language)]));
        let mut pages = vec![open(&world, &link("new")).await];
        let page = start(&world, &link("p-1")).await;
        for path in [page.clone(), format!("{page}/returned"), format!("{page}?in=tab")] {
            pages.push(world.get(&path).await);
        }
        pages.push(follow(&world, &page, "Sec-Fetch-Dest: iframe\r\n").await);
        world.provider_says("p-1", paid()).await;
        pages.push(world.get(&page).await);
        let declined = start(&world, &link("p-2")).await;
        world.provider_says("p-2", failed(Code::InsufficientFunds)).await;
        pages.push(world.get(&declined).await);
        let expired = params(&[
            ("payment_id", "late"),
            ("language_code", language),
            ("best_before", "2020-01-01T00:00:00Z"),
        ]);
        pages.push(open(&world, &signed(&expired)).await);
        let wrong = params(&[("language_code", language), ("mode", "card_verify")]);
        pages.push(open(&world, &signed(&wrong)).await);
        let taken = params(&[("language_code", language), ("customer_id", "another")]);
        pages.push(open(&world, &signed(&taken)).await);
        pages.push(open(&world, &params(&[("language_code", language)])).await);
        for page in pages {
            assert!(page.status < 500, "{language}: {}", page.body);
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{}", page.body);
            assert!(!page.body.contains('{'), "{language}: a place is not filled: {}", page.body);
        }
    }
}
