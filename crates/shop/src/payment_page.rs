//! The shop's links to Payment Page: signed parameters that open it, by themselves or in its
//! widget.
//!
//! One link serves all: the shop's own page, the widget, and a message to a customer who is not in
//! the shop. The platform keeps to one payment however often it is opened.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use hyper::Uri;
use wire::client::Merchant;
use wire::date;
use wire::query::{DuplicateParameter, Params};
use wire::signature::Folded;

use crate::order::CURRENCY;

/// How long a link opens Payment Page.
const LINK_LIFETIME: Duration = Duration::from_hours(24);

/// The element of an order's page in which the widget shows Payment Page.
const TARGET_ELEMENT: &str = "payment-page";

/// Where Payment Page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentPage {
    /// Without a slash at the end.
    pub(crate) url: String,
    /// Its scheme and host, as a content security policy names them.
    pub(crate) origin: String,
}

/// How the customer gets to see Payment Page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presentation {
    /// The browser goes there.
    Redirect,
    /// The widget shows it over the order's page.
    Window,
    /// The widget shows it in the order's page.
    Embedded,
}

/// A signed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) url: String,
    /// When it ceases to open anything, as it stands in the link.
    pub(crate) best_before: String,
    pub(crate) presentation: Presentation,
}

/// What a link is to ask of the customer, and where they are in the shop.
#[derive(Debug)]
pub(crate) struct Bill<'a> {
    pub(crate) payment_id: &'a str,
    pub(crate) customer_id: String,
    /// Paise.
    pub(crate) amount: i64,
    pub(crate) description: &'a str,
    pub(crate) callback_url: String,
    /// The page of the order.
    pub(crate) order_url: String,
}

/// A link cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("its parameters could be read in two ways: {0}")]
    Folded(#[from] Folded),
    #[error("its parameters contradict each other: {0}")]
    Duplicate(#[from] DuplicateParameter),
}

impl PaymentPage {
    /// Payment Page at an absolute URL.
    pub(crate) fn at(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("Payment Page's address {url}"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            anyhow::bail!("Payment Page's address {url} has no scheme or no host");
        };
        let origin = format!("{scheme}://{authority}");
        Ok(Self { url: url.trim_end_matches('/').to_owned(), origin })
    }
}

/// Signs a link that can be used from `now` on.
pub(crate) fn link(
    merchant: &Merchant,
    bill: Bill<'_>,
    presentation: Presentation,
    now: SystemTime,
) -> Result<Link, LinkError> {
    let best_before = date::format(unix_ms(now + LINK_LIFETIME));
    let mut params = Params::from_pairs([
        ("payment_id", bill.payment_id.to_owned()),
        ("payment_amount", bill.amount.to_string()),
        ("payment_currency", CURRENCY.to_owned()),
        ("payment_description", bill.description.to_owned()),
        ("customer_id", bill.customer_id),
        ("force_payment_method", "paytm-wallet".to_owned()),
        ("best_before", best_before.clone()),
        ("merchant_callback_url", bill.callback_url),
        ("merchant_success_url", bill.order_url.clone()),
        ("merchant_fail_url", bill.order_url.clone()),
        ("merchant_return_url", bill.order_url),
    ])?;
    if presentation == Presentation::Embedded {
        params = params.with("target_element", TARGET_ELEMENT);
    }
    Ok(Link { url: merchant.page_url(&params)?, best_before, presentation })
}

/// A clock before 1970 counts as 1970: the link has expired then, and does no harm.
fn unix_ms(time: SystemTime) -> i64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_scheme_and_host_only() {
        for (url, origin) in [
            ("http://127.0.0.1:8100", Some("http://127.0.0.1:8100")),
            ("https://pay.example/", Some("https://pay.example")),
            ("https://pay.example/under/here", Some("https://pay.example")),
            ("pay.example", None),
            ("/payment", None),
            ("https://pay.example; script-src *", None),
            ("", None),
        ] {
            let page = PaymentPage::at(url).ok();
            assert_eq!(page.map(|page| page.origin).as_deref(), origin, "{url:?}");
        }
    }

    #[test]
    fn a_link_opens_for_a_day() {
        let merchant = Merchant {
            project_id: 200,
            secret: "secret".to_owned(),
            gate_url: String::new(),
            page_url: "https://pay.example".to_owned(),
        };
        let target = |presentation| {
            let bill = Bill {
                payment_id: "order-1",
                customer_id: "customer-1".to_owned(),
                amount: 2500,
                description: "chai",
                callback_url: "https://shop.example/callback".to_owned(),
                order_url: "https://shop.example/orders/order-1".to_owned(),
            };
            let link = link(&merchant, bill, presentation, UNIX_EPOCH).unwrap();
            assert_eq!(link.best_before, "1970-01-02T00:00:00+0000");
            let (_, query) = link.url.split_once('?').unwrap();
            let params = Params::decode(query.as_bytes()).unwrap();
            assert_eq!(params.get("best_before"), Some("1970-01-02T00:00:00+0000"));
            params.get("target_element").map(str::to_owned)
        };
        assert_eq!(target(Presentation::Redirect), None);
        assert_eq!(target(Presentation::Window), None);
        assert_eq!(target(Presentation::Embedded).as_deref(), Some("payment-page"));
    }
}
