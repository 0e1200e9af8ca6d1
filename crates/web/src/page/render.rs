//! Templates, translations, and how amounts are written.

use std::collections::BTreeMap;

use app::project::Project;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use domain::money::{Amount, Currency};
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

use super::statics;

/// The language of customers whose own we don't speak.
const FALLBACK: &str = "en";

/// A template or a translation that is part of the program can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BrokenAsset {
    /// A template.
    #[error("a template of the payment page can't be read")]
    Template(#[from] Box<Error>),
    /// A translation.
    #[error("the translation {0} of the payment page can't be read")]
    Translation(&'static str, #[source] Box<toml::de::Error>),
}

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("open.html", include_str!("../../templates/open.html")),
    ("progress.html", include_str!("../../templates/progress.html")),
    ("obstacle.html", include_str!("../../templates/obstacle.html")),
];

/// The languages, each a file. A new one is a copy of `en.toml`, translated, and a line here.
const TRANSLATIONS: [(&str, &str); 7] = [
    ("bn", include_str!("../../translations/bn.toml")),
    ("en", include_str!("../../translations/en.toml")),
    ("hi", include_str!("../../translations/hi.toml")),
    ("mr", include_str!("../../translations/mr.toml")),
    ("ru", include_str!("../../translations/ru.toml")),
    ("ta", include_str!("../../translations/ta.toml")),
    ("te", include_str!("../../translations/te.toml")),
];

/// The texts of one language by their names.
type Texts = BTreeMap<String, String>;

/// Renders pages.
pub(super) struct Renderer {
    environment: Environment<'static>,
    languages: BTreeMap<&'static str, Value>,
    version: String,
}

impl Renderer {
    /// Reads all templates and translations.
    pub(super) fn new() -> Result<Self, BrokenAsset> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_filter("fill", fill);
        environment.add_filter("plain", plain);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).map_err(Box::new)?;
        }
        let english = texts(FALLBACK)?;
        let mut languages = BTreeMap::new();
        for (language, _) in TRANSLATIONS {
            // What a translation lacks is said in English.
            let mut all = english.clone();
            all.extend(texts(language)?);
            languages.insert(language, Value::from(all));
        }
        Ok(Self { environment, languages, version: statics::version() })
    }

    /// The language to speak: the one that the link asks for, or else one that the browser likes.
    pub(super) fn language(&self, asked: Option<&str>, headers: &HeaderMap) -> &'static str {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let mut accepted: Vec<_> =
            accepted.unwrap_or_default().split(',').take(16).filter_map(preference).collect();
        accepted.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        let accepted = accepted.into_iter().map(|(language, _)| language);
        asked.into_iter().chain(accepted).find_map(|it| self.speaks(it)).unwrap_or(FALLBACK)
    }

    /// A language by its code in any case, perhaps with a region, if there is a translation.
    pub(super) fn speaks(&self, language: &str) -> Option<&'static str> {
        let code = language.split(['-', '_']).next().unwrap_or_default().trim();
        self.languages.keys().find(|known| known.eq_ignore_ascii_case(code)).copied()
    }

    /// One page as HTML.
    pub(super) fn page(
        &self,
        template: &str,
        language: &str,
        project: Option<&Project>,
        content: Value,
    ) -> Result<String, Error> {
        let branding = project.map(|project| &project.settings.branding);
        let name = project.map(|project| {
            project.settings.branding.display_name.as_deref().unwrap_or(&project.name)
        });
        self.environment.get_template(template)?.render(context! {
            t => self.languages.get(language),
            language,
            version => &self.version,
            merchant => name,
            logo => branding.and_then(|branding| logo(branding.logo_url.as_deref()?)),
            accent => branding.and_then(|branding| accent(branding.accent.as_deref()?)),
            test_mode => project.is_some_and(|project| project.settings.test_mode),
            ..content
        })
    }
}

/// A language that a browser accepts, and how much it is liked (RFC 9110, section 12.4.2); nothing
/// if it is not wanted at all.
fn preference(range: &str) -> Option<(&str, f32)> {
    let Some((language, weight)) = range.split_once(';') else { return Some((range, 1.0)) };
    let weight: f32 = weight.split_once('=')?.1.trim().parse().ok()?;
    (0.001..=1.0).contains(&weight).then_some((language, weight))
}

fn texts(language: &str) -> Result<Texts, BrokenAsset> {
    let found = TRANSLATIONS.iter().find(|(known, _)| *known == language);
    let (name, source) = found.copied().unwrap_or_default();
    toml::from_str(source).map_err(|error| BrokenAsset::Translation(name, Box::new(error)))
}

/// Puts values in the places of a text: `"Pay {amount}"|fill(amount="₹1.00")`.
#[expect(clippy::needless_pass_by_value, reason = "the signature the template engine calls")]
fn fill(text: &str, values: Kwargs) -> Result<String, Error> {
    let mut filled = text.to_owned();
    for name in values.args() {
        filled = filled.replace(&format!("{{{name}}}"), values.get::<&str>(name)?);
    }
    values.assert_all_used()?;
    Ok(filled)
}

/// A merchant's text without what could turn the page's own around.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_left_out(*c)).collect()
}

/// Whether the page leaves a character out of merchants' texts: controls, and the marks that change
/// the direction of writing.
pub fn is_left_out(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A colour `#rrggbb`, and nothing that could be more in a style sheet, with the colour of text
/// that stands out from it.
fn accent(text: &str) -> Option<Value> {
    let rgb = colour(text)?;
    let text_colour = if luminance(rgb) > DARK_TEXT_ABOVE { "#000" } else { "#fff" };
    Some(context! { colour => text, text => text_colour })
}

/// Red, green and blue of a colour `#rrggbb`, or nothing if the text is anything else.
pub fn colour(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// The luminance, in thousandths, at which black and white text are equally readable (WCAG 2.2).
const DARK_TEXT_ABOVE: u64 = 179;

/// The relative luminance of a colour in thousandths. The curve of sRGB is taken as
/// 0.013x + 0.682x² + 0.305x³, which is near enough and needs no floating point.
fn luminance(rgb: u32) -> u64 {
    let [_, red, green, blue] = rgb.to_be_bytes().map(u64::from);
    let linear = |x: u64| (13 * x * 255 * 255 + 682 * x * x * 255 + 305 * x * x * x) / (255 * 255);
    (2_126 * linear(red) + 7_152 * linear(green) + 722 * linear(blue)) / (10_000 * 255)
}

/// The address of a picture that an `img` may show.
fn logo(text: &str) -> Option<&str> {
    (text.starts_with("https://") || text.starts_with("data:image/")).then_some(text)
}

/// An amount of rupees as India writes it: `₹9,99,999.00`. Above the last three digits, they stand
/// in groups of two.
pub(super) fn rupees(minor: i64) -> String {
    let decimal = match Amount::new(minor, Currency::INR) {
        Ok(amount) => amount.to_decimal(),
        Err(_) => return String::new(),
    };
    let (whole, paise) = decimal.split_once('.').unwrap_or((&decimal, "00"));
    let mut grouped = String::from("₹");
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(place);
        if place > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{paise}")
}

#[cfg(test)]
mod tests;
