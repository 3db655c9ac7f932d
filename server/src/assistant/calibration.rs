//! Coefficients of the confidence that `atbilde calibrate` fitted to one base, as the file
//! `confidence.toml` in its data folder.
//!
//! Written by `evaluate::calibrate`, read by `startup` for every assistant over the folder. A file that
//! was made for other features would give numbers that mean nothing, so it is refused with the way out.
//! One that was made for another embedder is never used either: where a base may change its embedder
//! while it serves, the confidence compares the spaces, and log and `/v1/admin/index` say so; elsewhere
//! it is refused.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::confidence::{FEATURES, Features};

/// Name of the file in the data folder.
pub const FILE: &str = "confidence.toml";
/// Version of the file's form.
const VERSION: u32 = 1;

/// A fitted confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// In the order of [`Features::named`].
    pub weights: [f64; FEATURES],
    pub intercept: f64,
    /// Below this probability a person takes over, [0, 1].
    pub threshold: f64,
    /// What it was made of and what it promises.
    pub provenance: Provenance,
}

/// What a calibration was made of and what it may promise, for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Vector space of the base.
    pub fingerprint: String,
    /// Generation of the base.
    pub generation: u64,
    /// Questions made from titles and headings, the same and golden ones with their articles held
    /// out, questions of other domains, golden questions with their truth.
    pub made: usize,
    pub held_out: usize,
    pub other_domains: usize,
    pub judged: usize,
    /// Share of wrong answers that was asked for, and the certainty.
    pub max_error: f64,
    pub certainty: f64,
    /// Judged questions above the threshold, wrong ones among them, and the upper bound of the share of
    /// wrong ones; 1 without judged questions.
    pub answered: usize,
    pub wrong: usize,
    pub bound: f64,
    /// Whether the bound keeps what was asked for.
    pub promised: bool,
    /// Judged answers that are missing for that; absent when more would not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_needed: Option<usize>,
}

/// Why a calibration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the calibration {file} cannot be used: {reason}; run `atbilde calibrate` again, or remove the file \
     to go on with the shipped coefficients"
)]
pub struct CalibrationError {
    file: String,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    threshold: f64,
    intercept: f64,
    /// Names and weights side by side.
    weights: Vec<(String, f64)>,
    provenance: Provenance,
}

impl Calibration {
    /// The calibration of the data folder; `None` when there is none.
    ///
    /// # Errors
    /// [`CalibrationError`] when the file cannot be read or was made for another vector space than
    /// `fingerprint`, for other features, or by a later version.
    pub fn load(data: &Path, fingerprint: &str) -> Result<Option<Self>, CalibrationError> {
        let Some(this) = Self::load_any(data)? else { return Ok(None) };
        let made_for = &this.provenance.fingerprint;
        if made_for != fingerprint {
            return Err(CalibrationError {
                file: data.join(FILE).display().to_string(),
                reason: format!(
                    "it was made for the embedder space {made_for}, this base is of {fingerprint}"
                ),
            });
        }
        Ok(Some(this))
    }

    /// The same of whatever vector space; who uses it compares [`Provenance::fingerprint`].
    ///
    /// # Errors
    /// As [`Self::load`], but for the vector space.
    pub fn load_any(data: &Path) -> Result<Option<Self>, CalibrationError> {
        let file = data.join(FILE);
        let failed = |reason: String| CalibrationError { file: file.display().to_string(), reason };
        let text = match fs_err::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        Self::parse(&text).map(Some).map_err(failed)
    }

    /// # Errors
    /// Saying what is wrong with the text.
    fn parse(text: &str) -> Result<Self, String> {
        let stored: Stored = toml::from_str(text).map_err(|e| e.to_string())?;
        if stored.version != VERSION {
            return Err(format!(
                "it is of version {}, this program reads version {VERSION}",
                stored.version
            ));
        }
        let names = Features::default().named().map(|(name, _)| name);
        if !stored.weights.iter().map(|(name, _)| name.as_str()).eq(names) {
            return Err("it was made for other features than this version computes".to_owned());
        }
        let mut weights = [0.0; FEATURES];
        for (weight, (_, stored)) in weights.iter_mut().zip(&stored.weights) {
            *weight = *stored;
        }
        let sound = weights.iter().chain([&stored.intercept]).all(|w| w.is_finite());
        if !sound || !(0.0..=1.0).contains(&stored.threshold) {
            return Err("a number in it is out of range".to_owned());
        }
        Ok(Self {
            weights,
            intercept: stored.intercept,
            threshold: stored.threshold,
            provenance: stored.provenance,
        })
    }

    /// Writes the file into the data folder, whole or not at all, and gives its path.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, data: &Path) -> std::io::Result<PathBuf> {
        let file = data.join(FILE);
        let draft = data.join(format!("{FILE}.new"));
        fs_err::write(&draft, self.text())?;
        fs_err::rename(draft, &file)?;
        Ok(file)
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let names = Features::default().named().map(|(name, _)| name.to_owned());
        let stored = Stored {
            version: VERSION,
            threshold: self.threshold,
            intercept: self.intercept,
            weights: names.into_iter().zip(self.weights).collect(),
            provenance: self.provenance.clone(),
        };
        let body = toml::to_string(&stored).unwrap_or_default();
        format!(
            "# Made by `atbilde calibrate`. Remove the file to go back to the shipped coefficients.\n{body}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::confidence::ConfidenceSettings;
    use super::*;

    fn calibration() -> Calibration {
        let (mut weights, intercept) = Features::shipped();
        weights[0] = 0.1 + 0.2;
        Calibration {
            weights,
            intercept,
            threshold: 0.61,
            provenance: Provenance { fingerprint: "space".to_owned(), ..Provenance::default() },
        }
    }

    #[test]
    fn what_was_saved_is_read_to_the_last_digit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Calibration::load(folder.path(), "space").unwrap(), None);
        calibration().save(folder.path()).unwrap();
        assert_eq!(Calibration::load(folder.path(), "space").unwrap(), Some(calibration()));
    }

    #[test]
    fn after_a_change_of_the_embedder_the_shipped_coefficients_count() {
        let folder = tempfile::tempdir().unwrap();
        calibration().save(folder.path()).unwrap();
        let any = Calibration::load_any(folder.path()).unwrap();
        let settings = ConfidenceSettings { calibration: any, ..ConfidenceSettings::default() };
        assert_eq!(settings.threshold_in("space"), 0.61);
        assert!(settings.calibration_of("another").is_none());
        assert_eq!(settings.threshold_in("another"), ConfidenceSettings::default().threshold);
    }

    #[test]
    fn what_was_made_for_something_else_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let good = calibration().text();
        for (text, space, named) in [
            (good.clone(), "another", "embedder space"),
            (good.replace("\"cosine\"", "\"likeness\""), "space", "other features"),
            (good.replace("version = 1", "version = 9"), "space", "version 9"),
            (good.replace("threshold = 0.61", "threshold = 7.0"), "space", "out of range"),
            (good.replace("intercept", "interzept"), "space", "interzept"),
            ("[".to_owned(), "space", "confidence.toml"),
        ] {
            fs_err::write(folder.path().join(FILE), text).unwrap();
            let error = Calibration::load(folder.path(), space).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("remove the file"), "{named}: {error}");
        }
    }
}
