//! Every documented parameter of Payment Page.
//!
//! Besides documenting the page, the table tells the gate against folded parameters which names are
//! worth hiding. Names beginning with `_` are left out: they are not signed and nothing reads them.

/// How the value of a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Decimal digits.
    Integer,
    /// `1` or `0`, `true` or `false`.
    Flag,
    /// `DD-MM-YYYY`.
    Date,
    /// ISO 8601 with an offset.
    DateTime,
    /// An absolute URL.
    Url,
    /// JSON as text.
    Json,
    /// JSON in base64.
    Base64Json,
}

/// What Dwar does with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It changes what happens.
    Honoured,
    /// It is checked as part of the signature, and has no effect: it serves other payment methods,
    /// or the merchant's own page.
    Accepted,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// How its value is written.
    pub kind: Kind,
    /// What Dwar does with it.
    pub treatment: Treatment,
}

const fn honoured(kind: Kind, name: &'static str) -> Parameter {
    Parameter { name, kind, treatment: Treatment::Honoured }
}

const fn accepted(kind: Kind, name: &'static str) -> Parameter {
    Parameter { name, kind, treatment: Treatment::Accepted }
}

/// The parameters of Payment Page.
pub const PARAMETERS: &[Parameter] = &[
    honoured(Kind::Integer, "project_id"),
    honoured(Kind::Text, "payment_id"),
    honoured(Kind::Integer, "payment_amount"),
    honoured(Kind::Text, "payment_currency"),
    honoured(Kind::Text, "payment_description"),
    honoured(Kind::Text, "payment_extra_param"),
    honoured(Kind::Text, "customer_id"),
    honoured(Kind::Text, "signature"),
    honoured(Kind::Text, "mode"),
    honoured(Kind::Text, "operation_type"),
    honoured(Kind::Text, "card_operation_type"),
    honoured(Kind::DateTime, "best_before"),
    honoured(Kind::Text, "language_code"),
    honoured(Kind::Text, "force_payment_method"),
    accepted(Kind::Text, "force_payment_group"),
    accepted(Kind::Flag, "hide"),
    accepted(Kind::Text, "list_payment_block"),
    accepted(Kind::Json, "payment_methods_options"),
    accepted(Kind::Text, "region_code"),
    accepted(Kind::Integer, "terminal_id"),
    accepted(Kind::Text, "account_token"),
    accepted(Kind::Json, "recurring"),
    accepted(Kind::Flag, "recurring_register"),
    accepted(Kind::Base64Json, "receipt_data"),
    accepted(Kind::Base64Json, "booking_info"),
    accepted(Kind::Base64Json, "addendum_data"),
    accepted(Kind::Base64Json, "cash_voucher_data"),
    honoured(Kind::Json, "interface_type"),
    honoured(Kind::Text, "customer_first_name"),
    honoured(Kind::Text, "customer_last_name"),
    honoured(Kind::Text, "customer_middle_name"),
    honoured(Kind::Text, "customer_email"),
    honoured(Kind::Text, "customer_phone"),
    honoured(Kind::Text, "customer_country"),
    honoured(Kind::Text, "customer_state"),
    honoured(Kind::Text, "customer_city"),
    honoured(Kind::Text, "customer_address"),
    honoured(Kind::Text, "customer_zip"),
    honoured(Kind::Date, "customer_day_of_birth"),
    accepted(Kind::Text, "customer_ssn"),
    accepted(Kind::Text, "customer_account_number"),
    accepted(Kind::Text, "billing_address"),
    accepted(Kind::Text, "billing_city"),
    accepted(Kind::Text, "billing_country"),
    accepted(Kind::Text, "billing_postal"),
    accepted(Kind::Text, "billing_region"),
    accepted(Kind::Text, "avs_post_code"),
    accepted(Kind::Text, "avs_street_address"),
    honoured(Kind::Url, "merchant_callback_url"),
    honoured(Kind::Url, "merchant_success_url"),
    honoured(Kind::Integer, "merchant_success_enabled"),
    accepted(Kind::Text, "merchant_success_redirect_mode"),
    honoured(Kind::Url, "merchant_fail_url"),
    honoured(Kind::Integer, "merchant_fail_enabled"),
    accepted(Kind::Text, "merchant_fail_redirect_mode"),
    honoured(Kind::Url, "merchant_return_url"),
    honoured(Kind::Integer, "merchant_return_enabled"),
    accepted(Kind::Text, "merchant_return_redirect_mode"),
    honoured(Kind::Url, "redirect_success_url"),
    honoured(Kind::Integer, "redirect_success_enabled"),
    accepted(Kind::Text, "redirect_success_mode"),
    honoured(Kind::Url, "redirect_fail_url"),
    honoured(Kind::Integer, "redirect_fail_enabled"),
    accepted(Kind::Text, "redirect_fail_mode"),
    accepted(Kind::Url, "redirect_tokenize_url"),
    accepted(Kind::Integer, "redirect_tokenize_enabled"),
    accepted(Kind::Text, "redirect_tokenize_mode"),
    honoured(Kind::Url, "redirect_return_url"),
    honoured(Kind::Flag, "redirect"),
    honoured(Kind::Flag, "redirect_on_mobile"),
    accepted(Kind::Flag, "force_acs_new_window"),
    honoured(Kind::Flag, "close_on_missclick"),
    honoured(Kind::Text, "css_modal_wrap"),
    honoured(Kind::Text, "target_element"),
    honoured(Kind::Text, "frame_mode"),
    honoured(Kind::Url, "baseUrl"),
    honoured(Kind::Url, "baseurl"),
    accepted(Kind::Url, "merchant_domain"),
];
