//! How a merchant shows on Payment Page, as flags. What the page would not show is refused: it
//! leaves out what it can't trust, and nobody would know why.

use std::fs::File;
use std::io::{self, Read as _};

use app::project::Branding;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use url::Url;
use web::page;

use super::settings::OrNone;

/// Longest name: one that fits in the head of the page on a phone.
const NAME_CHARS_MAX: usize = 100;

/// Largest picture that is taken in: every page carries it. Bytes.
const LOGO_BYTES_MAX: u64 = 64 * 1024;

/// Longest address of a picture. Bytes.
const ADDRESS_BYTES_MAX: usize = 2_048;

/// The namespace without which browsers don't draw a document as a picture.
const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Looks to be changed.
#[derive(Debug, Default, Args)]
pub(super) struct Looks {
    /// The name customers see on Payment Page [default: the project's]; `none` takes it away.
    #[arg(long, value_name = "NAME", value_parser = display_name)]
    display_name: Option<OrNone>,
    /// The picture beside the name: a PNG, JPEG, WebP or SVG file of at most 64 KiB, which is
    /// taken in, or an https address; `none` takes it away.
    #[arg(long, value_name = "FILE|URL", value_parser = logo)]
    logo: Option<OrNone>,
    /// The colour of Payment Page's buttons; `none` takes it away.
    #[arg(long, value_name = "#RRGGBB", value_parser = accent)]
    accent: Option<OrNone>,
}

impl Looks {
    /// Makes the changes.
    pub(super) fn apply(&self, branding: &mut Branding) {
        let set = |from: &Option<OrNone>, to: &mut Option<String>| {
            if let Some(OrNone(value)) = from {
                to.clone_from(value);
            }
        };
        set(&self.display_name, &mut branding.display_name);
        set(&self.logo, &mut branding.logo_url);
        set(&self.accent, &mut branding.accent);
    }
}

/// A logo as people read it: its address, or what was taken in.
pub(super) fn logo_in_short(address: &str) -> String {
    let picture = address.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
    let decoded = picture.and_then(|(kind, base64)| {
        let bytes = BASE64_STANDARD.decode(base64).ok()?;
        Some(format!("{kind}, {} bytes", bytes.len()))
    });
    decoded.unwrap_or_else(|| address.to_owned())
}

fn display_name(text: &str) -> Result<OrNone, String> {
    OrNone::read(text, |name| {
        let good = name.chars().count() <= NAME_CHARS_MAX
            && name.contains(char::is_alphanumeric)
            && !name.contains(page::is_left_out);
        good.then(|| name.to_owned()).ok_or_else(|| {
            format!(
                "expected at most {NAME_CHARS_MAX} characters, with a letter or a digit and \
                 without any that control or turn the text, or none"
            )
        })
    })
}

fn accent(text: &str) -> Result<OrNone, String> {
    OrNone::read(text, |colour| {
        let good = page::colour(colour).is_some();
        good.then(|| colour.to_owned())
            .ok_or_else(|| "expected # and six hex digits, such as #0a7c42, or none".to_owned())
    })
}

fn logo(text: &str) -> Result<OrNone, String> {
    OrNone::read(text, |place| {
        if place.contains("://") {
            return https_address(place).ok_or_else(|| {
                "expected https and a host's name, such as https://cdn.example/logo.png, a file, \
                 or none"
                    .to_owned()
            });
        }
        picture(&read(place).map_err(|error| format!("cannot read it: {error}"))?)
    })
}

/// The start of a file: as much as may be taken in, and a byte more if there is one.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LOGO_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An address that the page's content security policy can name. It knows hosts by names of letters,
/// digits and hyphens only, and browsers fetch nothing for a page with a user's name and password.
fn https_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https")?;
    let nameable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let named = url.domain().is_some_and(|host| host.bytes().all(nameable));
    let anonymous = url.username().is_empty() && url.password().is_none();
    let address = String::from(url);
    (named && anonymous && address.len() <= ADDRESS_BYTES_MAX).then_some(address)
}

/// A picture as an address that holds it, so that no other host learns of the customer.
fn picture(bytes: &[u8]) -> Result<String, String> {
    if !u64::try_from(bytes.len()).is_ok_and(|length| length <= LOGO_BYTES_MAX) {
        return Err(format!("expected at most {LOGO_BYTES_MAX} bytes, the file has more"));
    }
    let kind = kind(bytes).ok_or_else(|| {
        let begin = bytes.get(..12).unwrap_or(bytes).escape_ascii();
        format!("expected a PNG, JPEG, WebP or SVG picture, the file begins with \"{begin}\"")
    })?;
    Ok(format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes)))
}

/// The type of a picture, by its first bytes: names lie. Scripts in an SVG don't run, because the
/// page shows it in an `img`.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        text => std::str::from_utf8(text).ok().filter(|text| is_svg(text)).map(|_| "image/svg+xml"),
    }
}

/// Whether the first element of an XML document is that of a picture. A document type with
/// declarations of its own is none of ours to expand.
fn is_svg(document: &str) -> bool {
    let mut rest = document.trim_start_matches('\u{feff}').trim_start();
    while let Some(after) = after_prologue(rest) {
        rest = after.trim_start();
    }
    let root = rest.strip_prefix("<svg").and_then(|root| root.split_once('>'));
    root.is_some_and(|(attributes, _)| {
        attributes.starts_with(char::is_whitespace) && attributes.contains(SVG_NAMESPACE)
    })
}

/// What follows a declaration, a comment or a document type.
fn after_prologue(text: &str) -> Option<&str> {
    let parts = [("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">")];
    parts.into_iter().find_map(|(begin, end)| Some(text.strip_prefix(begin)?.split_once(end)?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_colours_are_taken_if_the_page_would_show_them() {
        let long = "é".repeat(NAME_CHARS_MAX);
        for good in ["Chai <3", "चाय की दुकान", "7", long.as_str()] {
            assert_eq!(display_name(good), Ok(OrNone(Some(good.to_owned()))), "{good}");
        }
        for good in ["#0a7c42", "#FFCC00"] {
            assert_eq!(accent(good), Ok(OrNone(Some(good.to_owned()))), "{good}");
        }
        for read in [display_name, accent, logo] {
            assert_eq!(read("none"), Ok(OrNone(None)));
        }
        let too_long = format!("{long}e");
        for bad in
            ["", " ", "...", "Tea\nshop", "Tea\u{202e}shop", "\u{2066}Tea", "\u{61c}Tea", &too_long]
        {
            assert!(display_name(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "red", "0a7c42", "#0a7", "#0a7c42ff", "#0a7c4g", "#0a7c42;", "#+a7c42"] {
            assert!(accent(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_of_pictures_are_those_that_the_policy_can_name() {
        for (given, kept) in [
            ("https://cdn.example/logo.png", "https://cdn.example/logo.png"),
            ("HTTPS://CDN.Example:8443/a b?x=1", "https://cdn.example:8443/a%20b?x=1"),
            ("https://दुकान.example/l", "https://xn--11b7ah1gn.example/l"),
        ] {
            assert_eq!(logo(given), Ok(OrNone(Some(kept.to_owned()))), "{given}");
        }
        let long = format!("https://cdn.example/{}", "a".repeat(ADDRESS_BYTES_MAX));
        for bad in [
            "http://cdn.example/logo.png",
            "https://",
            "https://1.2.3.4/logo.png",
            "https://[::1]/logo.png",
            "https://user@cdn.example/logo.png",
            "https://:word@cdn.example/logo.png",
            "https://*.example/logo.png",
            "https://cdn.example;script-src/logo.png",
            "ftp://cdn.example/logo.png",
            "javascript://cdn.example/%0aalert(1)",
            &long,
        ] {
            assert!(logo(bad).is_err_and(|told| told.starts_with("expected https")), "{bad}");
        }
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>";
        let whole = format!(
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- <html> -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD \
             SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n{svg}"
        );
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (svg.as_bytes(), "image/svg+xml"),
            (whole.as_bytes(), "image/svg+xml"),
        ] {
            assert_eq!(kind(bytes), Some(expected), "{bytes:?}");
        }
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"\x89PNG\n\x1a\n",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"<html><svg xmlns=\"http://www.w3.org/2000/svg\"/></html>",
            b"<svg viewBox=\"0 0 1 1\"/>",
            b"<svgs xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<!-- never ends <svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"\xff\xfe<\0s\0v\0g\0",
        ] {
            assert_eq!(kind(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_picture_is_taken_in_up_to_its_limit_and_shown_in_short() {
        let mut bytes = b"\xff\xd8\xff".to_vec();
        bytes.resize(65_536, 0);
        let address = picture(&bytes).unwrap();
        assert!(address.starts_with("data:image/jpeg;base64,/9j/AAAA"));
        assert_eq!(logo_in_short(&address), "image/jpeg, 65536 bytes");
        assert_eq!(logo_in_short("https://cdn.example/l"), "https://cdn.example/l");

        bytes.push(0);
        assert_eq!(picture(&bytes).unwrap_err(), "expected at most 65536 bytes, the file has more");
        let told = "expected a PNG, JPEG, WebP or SVG picture, the file begins with \"GIF89a\"";
        assert_eq!(picture(b"GIF89a").unwrap_err(), told);
        assert!(picture(b"").unwrap_err().ends_with("begins with \"\""));
        assert!(logo("/nowhere/logo.png").unwrap_err().starts_with("cannot read it: "));
    }
}
