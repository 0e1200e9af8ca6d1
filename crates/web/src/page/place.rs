//! Where a page is shown, and the address of a payment's own page there.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;

/// Where a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// In a window of its own, as the only page of the payment.
    #[default]
    Window,
    /// In a tab that a frame in the merchant's page opened.
    Tab,
    /// In a frame of the merchant's page.
    Frame,
}

impl Place {
    /// A page's place. The browser says whether it loads a frame; where it says nothing, as on
    /// plain `http`, the address does.
    fn of(headers: &HeaderMap, told: Self) -> Self {
        match headers.get("sec-fetch-dest").map(HeaderValue::as_bytes) {
            Some(b"iframe" | b"frame" | b"embed" | b"object") => Self::Frame,
            Some(_) if told == Self::Frame => Self::Window,
            Some(_) | None => told,
        }
    }

    /// The place of the page that a link opens; the widget says in `frame_mode` what it is for.
    pub(super) fn of_link(headers: &HeaderMap, frame_mode: Option<&str>) -> Self {
        let framed = matches!(frame_mode, Some("iframe" | "popup" | "embedded"));
        Self::of(headers, if framed { Self::Frame } else { Self::Window })
    }

    /// The path of a payment's page, or of what lies below it, in this place.
    pub(super) fn path(self, token: &str, below: &str) -> String {
        let query = match self {
            Self::Window => "",
            Self::Tab => "?in=tab",
            Self::Frame => "?in=frame",
        };
        format!("/payment/{token}{below}{query}")
    }
}

/// How a payment's own page, or what lies below it, was asked for. What can't be read names no
/// page, and is answered like one that does not exist.
pub(super) struct Asked {
    pub(super) token: String,
    pub(super) place: Place,
}

#[derive(Deserialize)]
struct Arrival {
    #[serde(rename = "in")]
    place: Option<Place>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let token = Path::<String>::from_request_parts(parts, state).await;
        let token = token.map(|Path(token)| token).unwrap_or_default();
        let arrival = Query::<Arrival>::from_request_parts(parts, state).await.ok();
        let told = arrival.and_then(|Query(arrival)| arrival.place).unwrap_or_default();
        Ok(Self { token, place: Place::of(&parts.headers, told) })
    }
}
