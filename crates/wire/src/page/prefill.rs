//! What a merchant already knows of its customer, and the language it would speak.
//!
//! Plug-ins pass on what customers once typed, and none of it decides about the payment. So it is
//! tidied where the meaning is clear, left out where not, and never stands in the way of paying.

use std::borrow::Cow;

use jiff::civil::Date;
use serde_json::Value;

use crate::field::{FieldError, Fields};
use crate::gate::{CustomerDetails, DetailPaths};
use crate::query::Params;
use crate::rule;

const DETAILS: DetailPaths = DetailPaths {
    first_name: "customer_first_name",
    last_name: "customer_last_name",
    middle_name: "customer_middle_name",
    email: "customer_email",
    phone: "customer_phone",
    country: "customer_country",
    state: "customer_state",
    city: "customer_city",
    address: "customer_address",
    zip: "customer_zip",
    day_of_birth: "customer_day_of_birth",
};

/// What could be read.
pub(super) struct Prefill {
    pub(super) customer: CustomerDetails,
    pub(super) language_code: Option<String>,
    /// What could not.
    pub(super) left_out: Vec<FieldError>,
}

impl Prefill {
    pub(super) fn read(params: &Params) -> Self {
        let tidied = |(name, value): (&str, &str)| (name.to_owned(), tidied(name, value));
        let document: Value = params.iter().map(tidied).collect();
        let mut fields = Fields::new(&document);
        let customer = CustomerDetails::read(&mut fields, &DETAILS);
        let language_code = fields.optional("language_code", rule::language);
        let left_out = fields.finish(()).err().unwrap_or_default();
        Self { customer, language_code, left_out }
    }
}

/// A value in the form that the rule for its parameter wants, if it is clear what is meant.
fn tidied(name: &str, typed: &str) -> Value {
    let typed = typed.trim();
    match name {
        "customer_phone" => phone(typed).into(),
        "customer_day_of_birth" => day_of_birth(typed).into(),
        "language_code" => typed.split(['-', '_']).next().unwrap_or_default().into(),
        _ => typed.into(),
    }
}

/// The digits of `+91 98765-43210`, `(022) 2778.1234` and `+44 (0)20 7946 0000`; the zero in
/// brackets is not dialled from abroad.
fn phone(typed: &str) -> String {
    let separates = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '-' | '.' | '‐'..='―');
    let dialled = match typed.strip_prefix('+') {
        Some(international) => Cow::Owned(format!("+{}", international.replacen("(0)", "", 1))),
        None => Cow::Borrowed(typed),
    };
    dialled.replace(separates, "")
}

/// `1999-12-31`, as `31-12-1999`.
fn day_of_birth(typed: &str) -> String {
    typed
        .parse::<Date>()
        .map_or_else(|_| typed.to_owned(), |it| it.strftime("%d-%m-%Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_typed_is_tidied_or_left_out() {
        let long = "x".repeat(256);
        for (name, typed, read) in [
            ("customer_phone", "+91 98765 43210", Some("+919876543210")),
            ("customer_phone", "(022) 2778-1234", Some("02227781234")),
            ("customer_phone", "\u{a0}022.2778\u{2011}1234 ", Some("02227781234")),
            ("customer_phone", "+44 (0)20 7946 0000", Some("+442079460000")),
            ("customer_phone", "(0)20 7946 0000", Some("02079460000")),
            ("customer_phone", "call my wife", None),
            ("customer_phone", "98765 43210 ext. 7", None),
            ("customer_phone", "---", None),
            ("language_code", "en-GB", Some("en")),
            ("language_code", "HI_IN", Some("hi")),
            ("language_code", "english", None),
            ("language_code", "-", None),
            ("customer_country", "in", Some("IN")),
            ("customer_country", "IND", None),
            ("customer_country", "India", None),
            ("customer_day_of_birth", "1999-12-31", Some("31-12-1999")),
            ("customer_day_of_birth", "31-12-1999", Some("31-12-1999")),
            ("customer_day_of_birth", "12/31/1999", None),
            ("customer_email", " a@shop.example ", Some("a@shop.example")),
            ("customer_email", "nobody", None),
            ("customer_first_name", " Anna ", Some("Anna")),
            ("customer_first_name", &long, None),
            ("customer_address", "12 MG Road\nBengaluru", Some("12 MG Road\nBengaluru")),
            ("customer_zip", "   ", None),
        ] {
            let prefill = Prefill::read(&Params::from_pairs([(name, typed)]).unwrap());
            let CustomerDetails { phone, country, day_of_birth, .. } = &prefill.customer;
            let CustomerDetails { email, first_name, address, zip, .. } = &prefill.customer;
            let language = &prefill.language_code;
            let found = [language, phone, country, day_of_birth, email, first_name, address, zip];
            let found: Vec<_> = found.into_iter().flatten().collect();
            assert_eq!(found, read.as_slice(), "{name}={typed:?}");
            let told = prefill.left_out.iter().map(|it| it.path).next();
            let said_something = typed.chars().any(char::is_alphanumeric) && read.is_none();
            assert_eq!(told.is_some(), said_something, "{name}={typed:?}");
        }
    }
}
