//! `GET /` shows what there is to buy; `POST /orders` takes an order and begins its payment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Form;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;
use wire::client::Sale;

use super::render::page;
use super::{Failure, Policy, Shared, Shop, problem, to_order};
use crate::catalogue::{PRODUCTS, QUANTITY_MAX, product};
use crate::order::{Begun, CURRENCY, Order};
use crate::payment_page::{Bill, Presentation, link};
use crate::rupees;

/// Longest prefix of an order's id, in characters.
const PREFIX_CHARACTERS_MAX: usize = 40;

/// The form of a product, or the developer's. A field left empty counts as missing.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    product: String,
    #[serde(default)]
    quantity: String,
    /// Rupees.
    #[serde(default)]
    amount: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    via: Via,
}

/// Which interface of the platform takes the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Via {
    #[default]
    Gate,
    /// Payment Page, by a redirect.
    Page,
    /// Payment Page in a window over the order's page.
    Window,
    /// Payment Page in the order's page.
    Embedded,
}

/// What was ordered, and for how many paise.
#[derive(Debug, PartialEq, Eq)]
struct Basket {
    item: String,
    amount: i64,
}

pub(super) async fn shelf(State(shop): Shared) -> Result<Response, Failure> {
    let quantities: Vec<i64> = (1..=QUANTITY_MAX).collect();
    let has_page = shop.payment_page.is_some();
    let content = context! { products => Serde(&PRODUCTS), quantities, has_page };
    page(&shop, Policy::Own, "shelf.html", content)
}

pub(super) async fn place(
    State(shop): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Form(wish): Form<Wish>,
) -> Result<Response, Failure> {
    let basket = match basket(&wish) {
        Ok(basket) => basket,
        Err(text) => return problem(&shop, StatusCode::BAD_REQUEST, text),
    };
    let prefix = if wish.prefix.is_empty() { "order" } else { &wish.prefix };
    if !is_prefix(prefix) {
        let text = "A prefix is made of at most 40 letters, digits, hyphens and underscores.";
        return problem(&shop, StatusCode::BAD_REQUEST, text);
    }
    let id = format!("{prefix}-{}", random_digits()?);
    let mut order = Order::new(id.clone(), basket.item, basket.amount);
    let presentation = wish.via.presentation().filter(|_| shop.payment_page.is_some());
    if let Some(presentation) = presentation {
        let bill = bill(&shop, &order, prefix);
        #[expect(clippy::disallowed_methods, reason = "a merchant's program has no clock port")]
        let now = SystemTime::now();
        let link = link(&shop.merchant, bill, presentation, now)?;
        order.payment = Begun::ByPage(link);
        shop.book.add(order);
    } else {
        let sale = sale(&shop, &order, prefix, peer);
        shop.book.add(order);
        // A task of its own: a customer who leaves now must not stop the shop from hearing Gate.
        tokio::spawn(submit(shop, id.clone(), sale)).await??;
    }
    match presentation {
        // The fragment opens the window; addresses that lead back to the order do not have it.
        Some(Presentation::Window) => Ok(to_order(&format!("{id}#pay"))),
        Some(Presentation::Redirect | Presentation::Embedded) | None => Ok(to_order(&id)),
    }
}

impl Via {
    const fn presentation(self) -> Option<Presentation> {
        match self {
            Self::Gate => None,
            Self::Page => Some(Presentation::Redirect),
            Self::Window => Some(Presentation::Window),
            Self::Embedded => Some(Presentation::Embedded),
        }
    }
}

fn basket(wish: &Wish) -> Result<Basket, &'static str> {
    if wish.product.is_empty() {
        let amount = rupees::parse(&wish.amount)
            .ok_or("An amount is rupees above zero, with at most two decimals, such as 6001.00.")?;
        return Ok(Basket { item: "An amount of your choice".to_owned(), amount });
    }
    let product = product(&wish.product).ok_or("The shop does not sell that.")?;
    let quantity = wish
        .quantity
        .parse()
        .ok()
        .filter(|quantity| (1..=QUANTITY_MAX).contains(quantity))
        .ok_or("The shop sells one to ten of each.")?;
    let amount = product.price.saturating_mul(quantity);
    Ok(Basket { item: format!("{quantity} × {}", product.name), amount })
}

fn is_prefix(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=PREFIX_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// Twelve hexadecimal digits: an order's page is open to whoever knows its id.
fn random_digits() -> Result<String, Failure> {
    let mut bytes = [0; size_of::<u64>()];
    let (_, random) = bytes.split_at_mut(2);
    aws_lc_rs::rand::fill(random).map_err(|_| Failure::Randomness)?;
    Ok(format!("{:012x}", u64::from_be_bytes(bytes)))
}

/// The customer carries the prefix too, since a provider may keep only the beginning of a long id.
fn customer_id(prefix: &str) -> String {
    format!("{prefix}-customer")
}

fn sale(shop: &Shop, order: &Order, prefix: &str, peer: SocketAddr) -> Sale {
    let back = shop.order_url(&order.id);
    Sale {
        payment_id: order.id.clone(),
        amount: order.amount,
        currency: CURRENCY.to_owned(),
        customer_id: customer_id(prefix),
        customer_ip: peer.ip().to_canonical().to_string(),
        customer_phone: None,
        description: Some(order.item.clone()),
        callback_url: Some(format!("{}/callback", shop.public_url)),
        success_url: Some(back.clone()),
        decline_url: Some(back.clone()),
        return_url: Some(back),
    }
}

async fn submit(shop: Arc<Shop>, id: String, sale: Sale) -> Result<(), Failure> {
    let reply = shop.gate.submit(shop.merchant.sale(&sale)?).await;
    shop.book.change(&id, |order| order.payment = Begun::ByGate(reply));
    Ok(())
}

fn bill<'a>(shop: &Shop, order: &'a Order, prefix: &str) -> Bill<'a> {
    Bill {
        payment_id: &order.id,
        customer_id: customer_id(prefix),
        amount: order.amount,
        description: &order.item,
        callback_url: format!("{}/callback", shop.public_url),
        order_url: shop.order_url(&order.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(product: &str, quantity: &str, amount: &str) -> Wish {
        let (product, quantity) = (product.to_owned(), quantity.to_owned());
        let (amount, prefix) = (amount.to_owned(), String::new());
        Wish { product, quantity, amount, prefix, via: Via::Gate }
    }

    #[test]
    fn the_shop_sets_the_price_of_its_products() {
        for (wish, amount) in [
            (wish("chai", "2", ""), Some(50_000)),
            (wish("service", "10", "1"), Some(100_000_000)),
            (wish("", "", "6,001"), Some(600_100)),
            (wish("chai", "0", ""), None),
            (wish("chai", "11", ""), None),
            (wish("chai", "", "5"), None),
            (wish("gold", "1", ""), None),
            (wish("", "1", "-5"), None),
        ] {
            assert_eq!(basket(&wish).ok().map(|basket| basket.amount), amount, "{wish:?}");
        }
    }

    #[test]
    fn a_prefix_is_plain() {
        let longest = "x".repeat(PREFIX_CHARACTERS_MAX);
        for (text, plain) in [
            ("sandbox-auto-success", true),
            (longest.as_str(), true),
            (&format!("{longest}x"), false),
            ("", false),
            ("a b", false),
            ("a/b", false),
            ("चाय", false),
        ] {
            assert_eq!(is_prefix(text), plain, "{text:?}");
        }
    }
}
