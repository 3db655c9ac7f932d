//! Language detection (being written).

use crate::model::Locale;

/// Language of `text`, or `None` when it is too short or too mixed to say.
pub fn detect(text: &str) -> Option<Locale> {
    whatlang::detect(text).filter(whatlang::Info::is_reliable).and_then(|i| Locale::parse(i.lang().code()))
}
