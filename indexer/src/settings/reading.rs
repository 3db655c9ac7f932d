//! Takes sections out of the layers of a configuration and says what is wrong with them: the file or the
//! variable, the key as it is written, and what was meant.
//!
//! Called by the settings of both programs. All that is wrong is gathered, so that it can be told at once.
//! What a variable of the environment means is guessed from its text, a number before all else; where a
//! section wants a text there, it gets the text. The value of a variable is never shown when it does not fit:
//! it may be a secret.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use figment::error::{Actual, Kind};
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Metadata, Source};
use serde::de::DeserializeOwned;

use super::{DEFAULTS, SettingsError};
use crate::language::edit_distance;

/// Keys that variables of the environment set, each with its text.
type Texts = BTreeMap<String, String>;

/// Takes sections out of the layers one by one, and keeps what is wrong with them, so that all of it can be
/// told at once.
pub struct Reading<'a> {
    figment: &'a Figment,
    texts: Texts,
    wrong: Vec<SettingsError>,
}

impl<'a> Reading<'a> {
    /// Sections that neither program has are wrong already.
    pub fn new(figment: &'a Figment) -> Self {
        let variables = Env::prefixed("ATBILDE__").split("__");
        let texts = variables.iter().map(|(key, text)| (key.to_string(), text.trim().to_owned()));
        Self::with(figment, texts.collect())
    }

    fn with(figment: &'a Figment, texts: Texts) -> Self {
        let mut this = Self { figment, texts, wrong: Vec::new() };
        let known: Dict = Figment::from(Toml::string(DEFAULTS)).extract().unwrap_or_default();
        let written: Dict = figment.extract().unwrap_or_default();
        for (name, value) in written.iter().filter(|(name, _)| !known.contains_key(*name)) {
            let all: Vec<&str> = known.keys().map(String::as_str).collect();
            let reason = if matches!(value, Value::Dict(..)) {
                let meant = question(nearest(name, &all).map(|near| format!("[{near}]")));
                format!("there is no section [{name}]{meant} The sections are {}", all.join(", "))
            } else {
                format!(
                    "the key {name} stands before every section; write it below one, as [server]"
                )
            };
            this.note(name, reason);
        }
        this
    }

    /// A section; its defaults where it is wrong.
    pub fn section<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        self.extract(name).unwrap_or_else(|error| {
            self.wrong.push(error);
            T::default()
        })
    }

    /// The section; what does not fit and stands in a variable is tried again as the text that it is.
    fn extract<T: DeserializeOwned>(&self, name: &str) -> Result<T, SettingsError> {
        let mut figment = self.figment.clone();
        let mut tried: BTreeMap<String, figment::Error> = BTreeMap::new();
        loop {
            let error = match figment.extract_inner(name) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let below = within(name, &error.path).iter().map(String::as_str);
            let key = std::iter::once(name).chain(below).collect::<Vec<_>>().join(".");
            // It does not fit as a text either: what was said at first is nearer to what is written.
            if let Some(first) = tried.remove(&key) {
                return Err(misread(name, first, &self.texts));
            }
            let Some(text) = self.texts.get(&key) else {
                return Err(misread(name, error, &self.texts));
            };
            figment = figment.merge((key.as_str(), text));
            tried.insert(key, error);
        }
    }

    /// Keeps what a section's own check says. The message begins with the key.
    pub fn check<E: Display>(&mut self, checked: Result<(), E>) {
        if let Err(reason) = checked {
            let reason = reason.to_string();
            let key = reason.split([' ', ':']).next().unwrap_or_default().to_owned();
            self.note(&key, reason);
        }
    }

    /// A share or a probability must be 0 to 1.
    pub fn share<N: Into<f64> + Display + Copy>(&mut self, key: &str, value: N) {
        let share: f64 = value.into();
        if (0.0..=1.0).contains(&share) {
            return;
        }
        let percent = (1.0..=100.0).contains(&share) && share.fract() == 0.0;
        let meant = if percent {
            format!("; for {value} % write {}", share / 100.0)
        } else {
            String::new()
        };
        self.note(key, format!("{key} is {value}, but must be 0 to 1{meant}"));
    }

    /// A number that means something only within bounds.
    pub fn within<N: PartialOrd + Display>(
        &mut self,
        key: &str,
        value: N,
        bounds: RangeInclusive<N>,
    ) {
        if !bounds.contains(&value) {
            let (least, most) = bounds.into_inner();
            self.note(key, format!("{key} is {value}, but must be {least} to {most}"));
        }
    }

    /// A number that means nothing when it is smaller.
    pub fn at_least<N: PartialOrd + Display>(&mut self, key: &str, value: N, least: N) {
        if value < least {
            self.note(key, format!("{key} is {value}, but must be at least {least}"));
        }
    }

    /// Keeps that `reason` is wrong with `key`; where that is written is found here.
    pub fn note(&mut self, key: &str, reason: String) {
        self.wrong.push(placed(self.figment.find_metadata(key), key, reason));
    }

    /// All that was found.
    pub fn into_wrong(self) -> Vec<SettingsError> {
        self.wrong
    }
}

/// The error under the file or the variable that the key was written in.
fn placed(layer: Option<&Metadata>, key: &str, reason: String) -> SettingsError {
    match layer.and_then(|layer| layer.source.as_ref()) {
        Some(Source::File(file)) => {
            SettingsError::File { file: file.display().to_string(), reason }
        }
        _ if layer.is_some_and(is_environment) => {
            let key = key.split('[').next().unwrap_or(key);
            let variable = format!("ATBILDE__{}", key.replace('.', "__").to_uppercase());
            SettingsError::Variable { variable, reason }
        }
        _ => SettingsError::Value(reason),
    }
}

/// Whether this layer is the environment.
fn is_environment(layer: &Metadata) -> bool {
    layer.source.is_none() && layer.name.contains("environment variable")
}

/// The path of an error below its section: figment's ends with the section.
fn within<'p>(section: &str, path: &'p [String]) -> &'p [String] {
    path.split_last().map_or(path, |(last, rest)| if last == section { rest } else { path })
}

/// What figment says of a section, with the key as it is written.
fn misread(section: &str, error: figment::Error, texts: &Texts) -> SettingsError {
    let figment::Error { path, kind, metadata, .. } = error;
    let path = within(section, &path);
    let (mut key, mut there) = (section.to_owned(), section.to_owned());
    for part in path {
        there = std::mem::take(&mut key);
        let place = part.parse::<usize>();
        key = place.map_or_else(|_| format!("{there}.{part}"), |at| format!("{there}[{at}]"));
    }
    let hidden = metadata.as_ref().is_some_and(is_environment);
    let reason = match &kind {
        Kind::UnknownField(_, known) => {
            let field = path.last().map_or("", String::as_str);
            let meant = question(nearest(field, known).map(|near| format!("{there}.{near}")));
            format!("there is no key {key}{meant} [{there}] has {}", known.join(", "))
        }
        Kind::UnknownVariant(found, known) => {
            let found = if hidden { "something else".to_owned() } else { format!("{found:?}") };
            format!("{key} is {found}, but must be one of {}", known.join(", "))
        }
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            let found = if hidden { kind_of(found).to_owned() } else { written(found) };
            format!("{key} is {found}, but must be {}", meant(wanted))
        }
        Kind::MissingField(name) => format!("{key} lacks the key {name}"),
        Kind::Message(text) if hidden && tells(text, &key, texts) => {
            format!("{key} has a value that cannot be used")
        }
        Kind::Message(text) if text.starts_with(section) => text.clone(),
        Kind::Message(_) | Kind::InvalidLength(..) | Kind::DuplicateField(_) => {
            format!("{key}: {kind}")
        }
        _ if hidden => format!("{key} has a value that cannot be used"),
        other => format!("{key}: {other}"),
    };
    placed(metadata.as_ref(), &key, reason)
}

/// Whether a message about `key` has the value of its variable in it, or a part of a list.
fn tells(message: &str, key: &str, texts: &Texts) -> bool {
    let marks = ['[', ']', '{', '}', '=', ',', '"', '\''];
    let mut parts = texts
        .iter()
        .filter(|(variable, _)| key.starts_with(variable.as_str()))
        .flat_map(|(_, text)| text.split(marks))
        .map(str::trim);
    parts.any(|part| !part.is_empty() && message.contains(part))
}

/// What a value is, without the value.
fn kind_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Str(_) | Actual::Char(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// A value as it may be shown: a text may be a secret.
fn written(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Str(_) | Actual::Char(_) | Actual::Seq | Actual::Map => kind_of(found).to_owned(),
        other => other.to_string(),
    }
}

/// What serde expects, in the words of who writes a file.
fn meant(wanted: &str) -> &str {
    match wanted {
        "u8" => "a whole number, 0 to 255",
        "u16" => "a whole number, 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "path string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if wanted.starts_with("struct ") => "a table of keys",
        other => other,
    }
}

/// What was meant by a name that is not known, if it is near enough.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let letters = |name: &str| name.chars().collect::<Vec<_>>();
    let typed = letters(&written.to_lowercase());
    known
        .iter()
        .map(|name| (edit_distance(&typed, &letters(name)), *name))
        .filter(|(errors, name)| *errors <= 1 + name.len() / 5)
        .min_by_key(|(errors, _)| *errors)
        .map(|(_, name)| name)
}

/// The end of a sentence that asks whether this was meant.
fn question(meant: Option<String>) -> String {
    meant.map_or_else(|| ".".to_owned(), |meant| format!(": did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use figment::util::nest;
    use figment::value::Map;
    use figment::{Profile, Provider};

    use super::*;
    use crate::settings::{IndexerSettings, layers};

    /// A variable of the environment, by its key, as figment reads it.
    struct Variable(&'static str, &'static str);

    impl Provider for Variable {
        fn metadata(&self) -> Metadata {
            Metadata::named("`ATBILDE__` environment variable(s)")
        }

        fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
            let value: Value = self.1.parse().unwrap();
            Ok(Profile::Default.collect(nest(self.0, value).into_dict().unwrap()))
        }
    }

    /// What is read with these variables, and what is said of them.
    fn read(variables: &[(&'static str, &'static str)]) -> (IndexerSettings, Vec<String>) {
        let mut figment = layers(None).unwrap();
        for &(key, text) in variables {
            figment = figment.merge(Variable(key, text));
        }
        let owned = |&(key, text): &(&str, &str)| (key.to_owned(), text.to_owned());
        let mut reading = Reading::with(&figment, variables.iter().map(owned).collect());
        let read = IndexerSettings::read(&mut reading);
        (read, reading.into_wrong().iter().map(ToString::to_string).collect())
    }

    /// What is said of a file `a.toml` with `text`, each mistake by itself.
    fn said(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        fs_err::write(&file, text).unwrap();
        let figment = layers(Some(&file)).unwrap();
        let mut reading = Reading::new(&figment);
        IndexerSettings::read(&mut reading);
        reading.into_wrong().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mistake_names_the_file_the_key_and_what_was_meant() {
        for (text, parts) in [
            ("[servr]\nport = 1\n", &["there is no section [servr]: did you mean [server]?"][..]),
            ("[quarks]\n", &["there is no section [quarks]. The sections are", "keyword", "oidc"]),
            ("port = 1\n", &["the key port stands before every section"]),
            (
                "[search]\ncandidats = 1\n",
                &["no key search.candidats: did you mean search.candidates? [search] has"],
            ),
            ("[search]\nquarks = 1\n", &["no key search.quarks. [search] has candidates"]),
            (
                "[source]\npassage_words = { tagret = 1 }\n",
                &["source.passage_words.tagret: did you mean source.passage_words.target?"],
            ),
            (
                "[[source.audience]]\naudience = \"internal\"\ntitel = \"a\"\n",
                &["source.audience[0].titel: did you mean source.audience[0].title?"],
            ),
            (
                "[search]\ncandidates = \"many\"\n",
                &["search.candidates is a text, but must be a whole number, 0 or more"],
            ),
            ("[watch]\nmode = \"poll-a\"\n", &["watch.mode is \"poll-a\", but must be one of"]),
            ("search = 1\n", &["search is 1, but must be a table of keys"]),
        ] {
            let said = said(text);
            assert_eq!(said.len(), 1, "{text}: {said:?}");
            assert!(said[0].contains("a.toml: "), "{text}: {said:?}");
            for part in parts {
                assert!(said[0].contains(part), "{text}: {said:?}");
            }
            for inner in ["settings.rs", "alloc::", "default."] {
                assert!(!said[0].contains(inner), "{text}: {said:?}");
            }
        }
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let text = "[servr]\n[search]\ncandidats = 1\n[reranker]\nshare = 80\n";
        let said = said(text);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[2].contains("for 80 % write 0.8"), "{said:?}");
        let both = SettingsError::of(vec![
            SettingsError::Value("one".to_owned()),
            SettingsError::Value("two".to_owned()),
        ]);
        let told = both.unwrap().to_string();
        assert!(told.contains("2 mistakes") && told.contains("\n  - configuration: two"), "{told}");
    }

    #[test]
    fn a_mistake_of_the_environment_names_the_variable() {
        let layer = Metadata::named("`ATBILDE__` environment variable(s)");
        let error = placed(Some(&layer), "server.prot", "wrong".to_owned());
        assert_eq!(error.to_string(), "environment variable ATBILDE__SERVER__PROT: wrong");
        assert_eq!(placed(None, "a.b", "wrong".to_owned()).to_string(), "configuration: wrong");
    }

    #[test]
    fn a_variable_is_a_text_where_a_text_is_wanted() {
        for text in ["48151623", "00481516", "+48", "1.50", "true", "[pearl]", "{a=1}", "pearl"] {
            let (settings, said) = read(&[("vectors.api_key", text), ("vectors.collection", "22")]);
            assert_eq!(said, [""; 0], "{text}");
            assert_eq!(settings.vectors.api_key.unwrap().expose(), text);
            assert_eq!(settings.vectors.collection, "22");
        }
    }

    #[test]
    fn a_variable_is_a_number_a_list_or_a_switch_where_that_is_wanted() {
        let (settings, said) = read(&[
            ("search.candidates", "81"),
            ("search.dense_weight", "0.25"),
            ("watch.enabled", "false"),
            ("embedder.languages", "[en, lv]"),
        ]);
        assert_eq!(said, [""; 0]);
        assert_eq!((settings.search.candidates, settings.watch.enabled), (81, false));
        assert!((settings.search.dense_weight - 0.25).abs() < 1e-6);
        assert_eq!(settings.embedder.languages, ["en", "lv"]);
    }

    #[test]
    fn the_value_of_a_variable_that_does_not_fit_is_not_shown() {
        for (key, text, parts) in [
            ("search.candidates", "pearl", "is a text, but must be a whole number"),
            ("search.candidates", "-4815", "is a number, but must be a whole number"),
            ("search.candidates", "[4815]", "is a list, but must be a whole number"),
            ("watch.enabled", "4815", "is a number, but must be true or false"),
            ("watch.mode", "pearl", "is something else, but must be one of"),
            ("embedder.languages", "[4815]", "languages[0] is a number, but must be a text"),
            ("search.candidats", "4815", "did you mean search.candidates?"),
            ("search", "4815", "is a number, but must be a table of keys"),
        ] {
            let (_, said) = read(&[(key, text)]);
            assert_eq!(said.len(), 1, "{key}: {said:?}");
            let variable = format!("ATBILDE__{}: ", key.replace('.', "__").to_uppercase());
            assert!(said[0].contains(&variable) && said[0].contains(parts), "{said:?}");
            assert!(!said[0].contains("4815") && !said[0].contains("pearl"), "{said:?}");
        }
        let texts = Texts::from([("lint.off".to_owned(), "[pearl, 4815]".to_owned())]);
        assert!(tells("there is no rule `4815`", "lint.off[1]", &texts));
        assert!(!tells("there is no such rule", "lint.off[1]", &texts));
    }
}
