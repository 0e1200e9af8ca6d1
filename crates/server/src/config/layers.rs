//! The layers of configuration, laid one value upon the other. Every value is tried by itself, so
//! that an error can only be that value's, and the place it was written at is known.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Table, Value};

use super::{Config, ConfigError, DEFAULTS};

/// The name the compiled-in layer goes by.
const DEFAULTS_PLACE: &str = "default";
const VARIABLE_PREFIX: &str = "DWAR_";
const VARIABLE_SEPARATOR: &str = "__";

/// A value given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    /// As the operator wrote it: `--database`.
    pub(crate) name: &'static str,
    /// What it sets: a section and a key.
    pub(crate) sets: (&'static str, &'static str),
    /// The value, as written.
    pub(crate) value: String,
}

/// The options in force, and where each was written.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// By section and key, as written.
    values: Table,
    /// By section and key, for what is not a default.
    places: BTreeMap<(String, String), String>,
}

impl Loaded {
    /// Reads the layers: the defaults, `file` if there is one, the variables of `environment` that
    /// are named `DWAR_SECTION__KEY`, and `flags`.
    pub(crate) fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (OsString, OsString)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<Self, ConfigError> {
        let mut loaded = Self::defaults()?;
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = fs::read_to_string(path)
                .map_err(|error| ConfigError::new(&name, error.to_string()))?;
            loaded.lay_file(&text, &name)?;
        }
        loaded.lay_environment(environment)?;
        for flag in flags {
            let (section, key) = flag.sets;
            loaded.lay_text(section, key, flag.value, flag.name)?;
        }
        Ok(loaded)
    }

    /// The options in force as TOML, each with the place its value comes from. There is no secret
    /// among them: the master key is only pointed at.
    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        for (section, content) in &self.values {
            for (key, value) in content.as_table().into_iter().flatten() {
                let written = self.places.get(&(section.clone(), key.clone()));
                let place = written.map_or(DEFAULTS_PLACE, String::as_str);
                // Writing to a string can't fail.
                let _infallible = writeln!(text, "{section}.{key} = {value} # {place}");
            }
        }
        text
    }

    fn defaults() -> Result<Self, ConfigError> {
        let wrong = |error: toml::de::Error| ConfigError::new(DEFAULTS_PLACE, error.message());
        let values = DEFAULTS.parse::<Table>().map_err(wrong)?;
        let config = Config::deserialize(values.clone()).map_err(wrong)?;
        Ok(Self { config, values, places: BTreeMap::new() })
    }

    /// Lays a file's values on top.
    fn lay_file(&mut self, text: &str, name: &str) -> Result<(), ConfigError> {
        let place = |at: usize| {
            let before = text.get(..at).unwrap_or(text);
            format!("{name}:{}", before.matches('\n').count().saturating_add(1))
        };
        let document = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            ConfigError::new(&place(at), error.message())
        })?;
        for (section, content) in document.into_inner() {
            let at = place(section.span().start);
            let section = section.into_inner();
            let DeValue::Table(content) = content.into_inner() else {
                return Err(ConfigError::new(&at, format!("`{section}` must be a section")));
            };
            if !self.values.contains_key(section.as_ref()) {
                return Err(ConfigError::new(&at, self.unknown_section(&section)));
            }
            for (key, value) in content {
                let at = place(key.span().start);
                let value = typed(value).map_err(|error| ConfigError::new(&at, error.message()))?;
                self.lay(&section, key.get_ref(), value, &at)?;
            }
        }
        Ok(())
    }

    /// Lays the variables named `DWAR_SECTION__KEY` on top.
    fn lay_environment(
        &mut self,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (variable, value) in environment {
            let Some(name) = variable.to_str() else { continue };
            let Some((section, key)) = name
                .strip_prefix(VARIABLE_PREFIX)
                .and_then(|option| option.split_once(VARIABLE_SEPARATOR))
            else {
                continue;
            };
            let text = value
                .into_string()
                .map_err(|_raw| ConfigError::new(name, "the value is not UTF-8"))?;
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            self.lay_text(&section, &key, text, name)?;
        }
        Ok(())
    }

    /// Reads a text as what the default is, for variables and flags have no types.
    fn lay_text(
        &mut self,
        section: &str,
        key: &str,
        text: String,
        place: &str,
    ) -> Result<(), ConfigError> {
        if !self.values.contains_key(section) {
            return Err(ConfigError::new(place, self.unknown_section(section)));
        }
        let typed = match self.get(section, key) {
            Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).ok(),
            Some(Value::Integer(_)) => text.parse().map(Value::Integer).ok(),
            _ => None,
        };
        self.lay(section, key, typed.unwrap_or(Value::String(text)), place)
    }

    fn lay(
        &mut self,
        section: &str,
        key: &str,
        value: Value,
        place: &str,
    ) -> Result<(), ConfigError> {
        let written = value.to_string();
        let mut values = self.values.clone();
        if let Some(Value::Table(content)) = values.get_mut(section) {
            content.insert(key.to_owned(), value);
        }
        self.config = Config::deserialize(values.clone()).map_err(|error| {
            let example = self.get(section, key);
            let example = example.map(|value| format!(" (for example {value})"));
            let problem = format!(
                "{section}.{key} = {written}: {}{}",
                error.message(),
                example.unwrap_or_default()
            );
            ConfigError::new(place, problem)
        })?;
        self.values = values;
        self.places.insert((section.to_owned(), key.to_owned()), place.to_owned());
        Ok(())
    }

    fn get(&self, section: &str, key: &str) -> Option<&Value> {
        self.values.get(section)?.get(key)
    }

    fn unknown_section(&self, section: &str) -> String {
        let known = self.values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("there is no section `{section}`; the sections are {known}")
    }
}

fn typed(value: Spanned<DeValue<'_>>) -> Result<Value, toml::de::Error> {
    Value::deserialize(ValueDeserializer::from(value))
}
