use std::collections::BTreeSet;

use super::*;

#[test]
fn amounts_are_grouped_as_in_india() {
    for (minor, written) in [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (99_900, "₹999.00"),
        (100_000, "₹1,000.00"),
        (9_999_900, "₹99,999.00"),
        (10_000_000, "₹1,00,000.00"),
        (99_999_900, "₹9,99,999.00"),
        (999_999_999, "₹99,99,999.99"),
        (1_234_567_890_123, "₹12,34,56,78,901.23"),
    ] {
        assert_eq!(rupees(minor), written);
    }
}

#[test]
fn translations_say_the_same_with_the_same_places() {
    let places = |text: &str| -> BTreeSet<String> {
        text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect()
    };
    let english = texts(FALLBACK).unwrap();
    for (language, _) in TRANSLATIONS {
        let translated = texts(language).unwrap();
        for (key, text) in &translated {
            let original = english.get(key).unwrap_or_else(|| panic!("{language} has {key}"));
            assert_eq!(places(text), places(original), "{language}: {key}");
            assert!(!text.trim().is_empty(), "{language}: {key}");
        }
        if matches!(language, "en" | "hi" | "ru") {
            assert_eq!(translated.len(), english.len(), "{language} is not complete");
        }
    }
}

#[test]
fn the_link_chooses_the_language_and_then_the_browser() {
    let renderer = Renderer::new().unwrap();
    let browser = |accepted: &'static str| {
        HeaderMap::from_iter([(ACCEPT_LANGUAGE, accepted.parse().unwrap())])
    };
    for (asked, accepted, spoken) in [
        (Some("hi"), "ru", "hi"),
        (Some("HI"), "ru", "hi"),
        (Some("fr"), "ru-RU, en;q=0.8", "ru"),
        (None, "de, ta-IN;q=0.9, en;q=0.8", "ta"),
        (None, "de", "en"),
        (None, "fr, hi;q=0", "en"),
        (None, "en;q=0.1, hi;q=0.9", "hi"),
        (None, "ta;q=0.8, te;q=0.8, mr; Q=x", "ta"),
        (None, "bn ; q=0.2,mr;q=0.3", "mr"),
        (None, "hi;q=1.5, ru;q=NaN, ta;q=-1", "en"),
        (Some("ta-IN"), "hi", "ta"),
        (Some("\"><script>"), "", "en"),
    ] {
        assert_eq!(renderer.language(asked, &browser(accepted)), spoken, "{asked:?} {accepted}");
    }
}

#[test]
fn text_stands_out_from_every_accent() {
    for (colour, text) in [
        ("#000000", "#fff"),
        ("#1a56db", "#fff"),
        ("#b42318", "#fff"),
        ("#ffcc00", "#000"),
        ("#00baf2", "#000"),
        ("#ffffff", "#000"),
    ] {
        assert_eq!(accent(colour).unwrap().get_attr("text").unwrap().as_str(), Some(text));
    }
    for wrong in ["red", "#fff", "#1a56db;", "#1a56d}", "", "#gggggg", "1a56db"] {
        assert_eq!(accent(wrong), None, "{wrong}");
    }
}

#[test]
fn merchants_texts_cannot_turn_the_page_around() {
    assert_eq!(plain("a\u{202e}b\u{2066}\u{61c}c\u{0}\nd é ₹ दुकान"), "abcd é ₹ दुकान");
}
