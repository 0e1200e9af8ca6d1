//! The parameters of a query string or form, as Payment Page receives them.
//!
//! They keep the order in which they came, and no name occurs twice: the two spellings of a
//! repeated name would be signed as one and read as another.

use std::collections::HashSet;

use url::form_urlencoded;

use crate::field::shortened;

/// A parameter is given more than once. Its name is shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {0:?} is given twice")]
pub struct DuplicateParameter(pub String);

/// Decoded name–value pairs in the order sent, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes `application/x-www-form-urlencoded` text: a query without its `?`, or a form body.
    pub fn decode(encoded: &[u8]) -> Result<Self, DuplicateParameter> {
        Self::from_pairs(form_urlencoded::parse(encoded).into_owned())
    }

    /// Takes pairs that are decoded already.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, DuplicateParameter> {
        let pairs: Vec<(String, String)> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut seen = HashSet::with_capacity(pairs.len());
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            return Err(DuplicateParameter(shortened(name)));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter; an empty value is still a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// All pairs in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same pairs with this one in the place of its name, or at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.0.iter_mut().find(|(given, _)| given == name) {
            Some((_, given)) => value.clone_into(given),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The same pairs with this in the place of every CRLF, unless no value has one.
    pub(crate) fn with_line_breaks(&self, line_break: &str) -> Option<Self> {
        let rewritten =
            |(name, value): (&str, &str)| (name.to_owned(), value.replace("\r\n", line_break));
        let has_one = self.iter().any(|(_, value)| value.contains("\r\n"));
        has_one.then(|| Self(self.iter().map(rewritten).collect()))
    }

    /// Encodes the pairs as `application/x-www-form-urlencoded` text.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_refused_however_it_is_encoded() {
        let refusal = Params::decode(b"a=1&b=2&%61=3").unwrap_err();
        assert_eq!(refusal, DuplicateParameter("a".to_owned()));
    }

    #[test]
    fn a_name_of_any_length_is_told_in_few_words() {
        let name = "é".repeat(20_000);
        let refusal = Params::from_pairs([(&name, "1"), (&name, "2")]).unwrap_err();
        assert!(refusal.to_string().chars().count() < 120, "{refusal}");
    }

    #[test]
    fn pairs_survive_encoding_in_order() {
        let params = Params::from_pairs([("z", "a+b c%20"), ("a", "é&=;"), ("empty", "")]).unwrap();
        assert_eq!(Params::decode(params.encode().as_bytes()).unwrap(), params);
        assert_eq!(params.get("empty"), Some(""));
        assert_eq!(params.get("absent"), None);
    }
}
