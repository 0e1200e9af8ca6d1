//! What parameters ask of the page, and all that is wrong with them. Whoever signed them has no say
//! here, so the validators read the same way.

use domain::code::Code;
use wire::field::{FieldError, INVALID};
use wire::page::{PageParams, PageUrl, PageUrls, Switch};
use wire::query::Params;

use super::address::{RETURN_ADDRESS, return_address};
use super::visit::{By, Way, Ways};

/// The ways to pay that the page offers, as `force_payment_method` may name them.
const METHODS: [&str; 2] = ["paytm-wallet", "paytm"];

/// Parameters of which one value only means taking a payment now with the method offered here.
const ONLY: [(&str, &str, u32); 4] = [
    ("payment_currency", "INR", Code::CurrencyDisabled.number()),
    ("mode", "purchase", INVALID),
    ("operation_type", "sale", INVALID),
    ("card_operation_type", "sale", INVALID),
];

/// Where a customer may be sent.
const ADDRESSES: [&str; 6] = [
    "merchant_success_url",
    "merchant_fail_url",
    "merchant_return_url",
    "redirect_success_url",
    "redirect_fail_url",
    "redirect_return_url",
];

/// The most that the addresses of one payment may have together, in characters. The path of the
/// payment's page carries them, and many a proxy takes no request line of more than 8 KiB.
const ADDRESSES_CHARACTERS_MAX: usize = 4096;

/// Reads parameters, and where the customer goes afterwards.
pub(super) fn read(
    params: Params,
    allow_http: bool,
) -> Result<(PageParams, Ways), Vec<FieldError>> {
    let mut errors = Vec::new();
    check_meaning(&params, &mut errors);
    check_addresses(&params, allow_http, &mut errors);
    let params = PageParams::parse(params).map_err(|mut wrong| {
        errors.retain(|error| wrong.iter().all(|known| known.path != error.path));
        wrong.append(&mut errors);
        wrong
    })?;
    if !errors.is_empty() {
        return Err(errors);
    }
    let ways = ways(&params.urls, allow_http);
    check_length(&params, &ways).map_err(|error| vec![error])?;
    Ok((params, ways))
}

/// A way back to the shop out of parameters that are signed, but wrong, whatever else they want.
pub(super) fn way_back(params: &Params, allow_http: bool) -> Option<String> {
    let address = |name| return_address(params.get(name)?, allow_http);
    address("merchant_return_url").or_else(|| address("merchant_fail_url"))
}

fn check_meaning(params: &Params, errors: &mut Vec<FieldError>) {
    for (path, only, code) in ONLY {
        let sent = params.get(path).unwrap_or_default();
        if !sent.is_empty() && sent != only {
            errors.push(FieldError::new(path, sent, only, code));
        }
    }
    let method = params.get("force_payment_method").unwrap_or_default();
    if !method.is_empty() && !METHODS.contains(&method) {
        let code = Code::UnknownMethod.number();
        errors.push(FieldError::new("force_payment_method", method, METHODS[0], code));
    }
}

fn check_addresses(params: &Params, allow_http: bool, errors: &mut Vec<FieldError>) {
    for path in ADDRESSES {
        let sent = params.get(path).unwrap_or_default();
        if !sent.is_empty() && return_address(sent, allow_http).is_none() {
            errors.push(FieldError::new(path, sent, RETURN_ADDRESS, INVALID));
        }
    }
}

/// Where the customer goes afterwards.
fn ways(urls: &PageUrls, allow_http: bool) -> Ways {
    let address = |url: &str| return_address(url, allow_http);
    let on = |url: &Option<PageUrl>| {
        let url = url.as_ref().filter(|url| url.switch != Switch::Off)?;
        Some((address(&url.url)?, url.switch))
    };
    let way = |redirect, button| {
        let at_once = on(redirect).map(|(address, _)| Way { address, by: By::Once });
        at_once.or_else(|| {
            let (address, switch) = on(button)?;
            let by = if switch == Switch::Always { By::Countdown } else { By::Button };
            Some(Way { address, by })
        })
    };
    Ways {
        success: way(&urls.redirect_success, &urls.merchant_success),
        fail: way(&urls.redirect_fail, &urls.merchant_fail),
        back: on(&urls.merchant_return).map(|(address, _)| address),
        unknown: urls.redirect_return.as_deref().and_then(address),
    }
}

fn check_length(params: &PageParams, ways: &Ways) -> Result<(), FieldError> {
    let Ways { success, fail, back, unknown } = ways;
    let after = [success, fail].into_iter().flatten().map(|way| &way.address);
    let all = after.chain([back, unknown].into_iter().flatten());
    if all.map(String::len).sum::<usize>() <= ADDRESSES_CHARACTERS_MAX {
        return Ok(());
    }
    let sent = ADDRESSES.map(|path| (path, params.all.get(path).unwrap_or_default()));
    let (path, longest) = sent.into_iter().max_by_key(|(_, url)| url.len()).unwrap_or_default();
    let most = format!("at most {ADDRESSES_CHARACTERS_MAX} characters in all addresses together");
    Err(FieldError::new(path, longest, &most, INVALID))
}
