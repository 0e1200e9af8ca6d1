//! `POST /orders/{id}/refund`: gives money back, all that is left or part of it.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use wire::client;

use super::{Failure, Shared, Shop, no_order, problem, to_order};
use crate::gate::Reply;
use crate::order::{CURRENCY, Refund};
use crate::rupees;

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    /// Names the refund; written into the form when the page was made.
    refund_id: String,
    /// Rupees; empty for all that is left.
    #[serde(default)]
    amount: String,
}

pub(super) async fn refund(
    State(shop): Shared,
    Path(id): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Response, Failure> {
    let amount = rupees::parse(&wish.amount);
    if amount.is_none() && !wish.amount.trim().is_empty() {
        let text = "A refund is rupees above zero, with at most two decimals.";
        return problem(&shop, StatusCode::BAD_REQUEST, text);
    }
    let is_new = shop.book.change(&id, |order| {
        // A form sent twice carries an id that has been used.
        let is_new = order.next_refund_id() == wish.refund_id;
        if is_new {
            let id = wish.refund_id.clone();
            order.refunds.push(Refund { id, amount, reply: Reply::Awaited });
        }
        is_new
    });
    match is_new {
        None => return no_order(&shop),
        Some(false) => {}
        Some(true) => {
            let refund = client::Refund {
                payment_id: id.clone(),
                sum: amount.map(|amount| (amount, CURRENCY.to_owned())),
                description: format!("Refund of {id}"),
                merchant_refund_id: Some(wish.refund_id),
            };
            tokio::spawn(submit(shop, refund)).await??;
        }
    }
    Ok(to_order(&id))
}

async fn submit(shop: Arc<Shop>, refund: client::Refund) -> Result<(), Failure> {
    let reply = shop.gate.submit(shop.merchant.refund(&refund)?).await;
    shop.book.change(&refund.payment_id, |order| {
        let asked = order.refunds.iter_mut();
        for known in asked.filter(|it| Some(&it.id) == refund.merchant_refund_id.as_ref()) {
            known.reply = reply.clone();
        }
    });
    Ok(())
}
