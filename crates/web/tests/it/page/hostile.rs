//! Attempts to turn Payment Page against a customer or a merchant: scripts in parameters, addresses
//! that lead elsewhere, signatures that are missing, stripped or for something else, frames.
//! Whatever comes, the answer must stay guarded and lead nowhere.

use wire::query::Params;
use wire::signature;

use super::{confirm_by, form, open, params, signed, start};
use crate::client::{Answer, send};
use crate::world::{LIVE_SECRET, TEST_SECRET, World, paid};

const ADDRESSES: [&str; 30] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:https://shop.example/1",
    "file:///etc/passwd",
    "ftp://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example\\",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "https://shop.example\\@evil.example",
    "https://shop.example@evil.example",
    "https://shop.example:secret@evil.example/",
    "https://shop.example%40evil.example@evil.example/",
    "https://shop.example\r\nLocation: https://evil.example",
    "https://shop.example/\r\nSet-Cookie: a=1",
    "https://shop.example/%0d%0a\n",
    "https://shop.example /",
    " https://evil.example",
    "https://",
    "https://?",
    "http://shop.example/",
    "view-source:https://shop.example",
    "evil.example",
];

const WAYS: [&str; 6] = [
    "merchant_success_url",
    "merchant_fail_url",
    "merchant_return_url",
    "redirect_success_url",
    "redirect_fail_url",
    "redirect_return_url",
];

const SCRIPTS: [&str; 24] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<base href=\"https://evil.example/\">",
    "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example\">",
    "<form action=\"https://evil.example\"><input name=x>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<link rel=stylesheet href=https://evil.example>",
    "<!--",
    "]]><script>alert(1)</script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<object data=\"data:text/html,<script>alert(1)</script>\">",
];

/// Texts that other languages would carry out, and so must come out as they went in.
const EXPRESSIONS: [&str; 6] =
    ["{{ 7*7 }}", "{% include 'base.html' %}", "${7*7}", "<%= 7*7 %>", "{{ self }}", "#{7*7}"];

/// What must hold of every answer.
fn assert_guarded(answer: &Answer, what: &str) {
    assert!(answer.status < 500, "{what}: {}", answer.body);
    let location = answer.header("location").unwrap_or("/");
    assert!(location.starts_with('/') && !location.starts_with("//"), "{what} → {location}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{what}");
    assert_eq!(answer.header("set-cookie"), None, "{what}");
    if answer.status == 303 {
        return;
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("evil"), "{what}: {policy}");
    // The page's own tags and no others.
    let tags = |name: &str| answer.body.to_lowercase().matches(&format!("<{name}")).count();
    assert_eq!(
        (tags("script"), tags("base"), tags("iframe"), tags("object")),
        (1, 0, 0, 0),
        "{what}: {}",
        answer.body
    );
    assert!(!answer.body.contains("evil.example\""), "{what}: {}", answer.body);
}

#[tokio::test]
async fn no_address_leads_customers_elsewhere() {
    let world = World::new().await;
    for address in ADDRESSES {
        for way in WAYS {
            let answer = open(&world, &signed(&params(&[(way, address)]))).await;
            assert_eq!(answer.status, 400, "{way}={address:?}: {}", answer.body);
            assert_guarded(&answer, address);
        }
    }
    assert!(world.stored("p-1").await.is_none());
}

#[tokio::test]
async fn no_script_gets_into_the_page() {
    let world = World::new().await;
    let fields =
        ["payment_description", "payment_id", "customer_first_name", "something", "css_modal_wrap"];
    for (number, payload) in SCRIPTS.iter().chain(&EXPRESSIONS).enumerate() {
        for field in fields {
            let link = signed(&params(&[(field, payload)]));
            let answer = open(&world, &link).await;
            assert_eq!(answer.status, 200, "{field}={payload}");
            assert_guarded(&answer, payload);
            assert!(!payload.contains('<') || !answer.body.contains(payload), "{field}={payload}");
        }
        // Stored, shown on the payment's own page, and written into events.
        let id = format!("p-{number}{payload}");
        let link = signed(&params(&[("payment_id", &id), ("payment_description", payload)]));
        let page = start(&world, &link).await;
        assert_guarded(&world.get(&page).await, payload);
        world.provider_says(&id, paid()).await;
        let shown = world.get(&page).await;
        assert!(!payload.contains('<') || !shown.body.contains(payload), "{payload}");
        assert_guarded(&shown, payload);
    }
}

#[tokio::test]
async fn what_is_not_signed_has_no_say() {
    let world = World::new().await;
    let right = signed(&params(&[]));
    for unsigned in [
        ("_redirect_success_url", "https://evil.example\""),
        ("_referrer", "\"><script>alert(1)</script>"),
        ("_frame_ancestors", "https://evil.example\""),
        ("frame_mode", "\"><script>alert(1)</script>"),
        ("frame_mode", "https://evil.example\""),
    ] {
        let answer = open(&world, &right.clone().with(unsigned.0, unsigned.1)).await;
        assert_eq!(answer.status, 200, "{unsigned:?}");
        let values_only = answer.body.replace("evil.example&quot;", "");
        assert_guarded(&Answer { body: values_only, ..answer }, unsigned.0);
    }
}

/// Links that were not signed as they are.
fn forged() -> Vec<(&'static str, String)> {
    let right = signed(&params(&[("redirect_success_url", "https://shop.example/")]));
    let given = right.get("signature").unwrap();
    let with = |name: &str, value: &str| right.clone().with(name, value).encode();
    let without = |name: &str| {
        let kept = right.iter().filter(|(it, _)| *it != name);
        Params::from_pairs(kept).unwrap().encode()
    };
    let folded = "customer-1;payment_amount:100";
    vec![
        ("no signature", without("signature")),
        ("an empty one", with("signature", "")),
        ("not base64", with("signature", "!!!!")),
        ("too short", with("signature", &given[..40])),
        ("of zeros", with("signature", &format!("{}==", "A".repeat(86)))),
        ("hexadecimal", with("signature", &"0".repeat(128))),
        ("in lower case", with("signature", &given.to_lowercase())),
        ("with another secret", with("signature", &signature::sign_query(&params(&[]), "x"))),
        ("of another project", with("signature", &signature::sign_query(&right, TEST_SECRET))),
        (
            "of fewer parameters",
            with("signature", &signature::sign_query(&params(&[]), LIVE_SECRET)),
        ),
        ("another amount", with("payment_amount", "100")),
        ("another customer", with("customer_id", "customer-2")),
        ("another project", with("project_id", "201")),
        ("no project", without("project_id")),
        ("a project that is no number", with("project_id", "200 OR 1=1")),
        ("a negative project", with("project_id", "-1")),
        ("a huge project", with("project_id", "99999999999999999999")),
        ("without the address", without("redirect_success_url")),
        ("another address", with("redirect_success_url", "https://evil.example/")),
        ("a further address", with("redirect_fail_url", "https://evil.example/")),
        ("a callback elsewhere", with("merchant_callback_url", "https://evil.example/")),
        ("folded into the customer", with("customer_id", folded)),
        ("the signature twice", format!("{}&signature=x", right.encode())),
        ("the amount twice", format!("{}&payment_amount=100", right.encode())),
        ("the amount as a list", format!("{}&payment_amount%5B%5D=100", right.encode())),
        ("another spelling", format!("{}&Payment_Amount=100", right.encode())),
        ("a name with a zero", format!("{}&payment_amount%00=100", right.encode())),
        ("nothing", String::new()),
        ("only separators", "&&&===&".to_owned()),
        ("percent signs", "%%%=%zz".to_owned()),
    ]
}

#[tokio::test]
async fn forged_links_open_nothing_and_start_nothing() {
    let world = World::new().await;
    for (what, query) in forged() {
        let opened = world.get(&format!("/payment?{query}")).await;
        assert!((400..500).contains(&opened.status), "{what}: {}", opened.status);
        assert_guarded(&opened, what);
        let by_form = send(world.address(), "POST", "/payment", "", query.as_bytes()).await;
        let confirmed = confirm_by(&world, &form(&query)).await;
        assert_eq!([by_form.status, confirmed.status], [opened.status; 2], "{what}");
        let outside = send(world.address(), "POST", "/payment/confirm", "", query.as_bytes()).await;
        for sent in [by_form, confirmed, outside] {
            assert!((400..500).contains(&sent.status), "{what}: {}", sent.status);
            assert_guarded(&sent, what);
        }
    }
    assert!(world.stored("p-1").await.is_none());
}
