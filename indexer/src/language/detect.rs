//! Which language a text is in, reliable from about three words on.
//!
//! Called by `source` for articles without a language and by the server for questions. The trigram
//! statistics of whatlang settle long texts and all scripts of their own; for short texts in the
//! languages with a word list (`stopwords`), the evidence of words, letters and endings decides,
//! with or without diacritics. Reads at most [`WORDS`] words, so its cost is bounded.

use unicode_normalization::UnicodeNormalization;
use whatlang::{Detector, Lang, Script};

use super::{evidence, iso};
use crate::model::Locale;

/// Words of a text that are looked at.
const WORDS: usize = 250;
/// Bytes of a text that are looked at, whatever its words are.
const BYTES: usize = 8 * 1024;
/// Evidence below this is no evidence: one shared function word.
const LEAST: f32 = 0.55;
/// Evidence that nothing speaks against may be this little: one telling ending.
const LEAST_ALONE: f32 = 0.3;
/// The winner needs this much more than the second, as a share of its own score.
const MARGIN: f32 = 0.12;

/// A language with at most this share of the best one's evidence is not meant.
const FAINT: f32 = 0.5;

/// Language of `text` as a two-letter code, or `None` when it is too short or too mixed to say.
pub fn detect(text: &str) -> Option<Locale> {
    winner(&scores(text, None))
}

/// Languages that `text` may be in, best first, with shares in (0, 1] that add up to 1. Empty when
/// nothing speaks for any.
pub fn rank(text: &str) -> Vec<(Locale, f32)> {
    let scores = scores(text, None);
    let sum: f32 = scores.iter().map(|(_, s)| s).sum();
    scores
        .into_iter()
        .filter_map(|(code, score)| Some((Locale::parse(code)?, score / sum)))
        .collect()
}

/// The one of `languages` that `text` is most likely in, regions ignored; `None` when the text
/// speaks for none of them or for two alike.
pub fn detect_among(text: &str, languages: &[Locale]) -> Option<Locale> {
    let codes: Vec<&str> = languages.iter().map(Locale::language).collect();
    let best = winner(&scores(text, Some(&codes)))?;
    languages.iter().find(|l| l.language() == best.language()).cloned()
}

/// The language that a question over a base in `languages` is analysed in: one of the base's, or
/// another one when the question is clearly in it and in none of the base's. `None` when nothing
/// speaks for any.
pub fn detect_question(text: &str, languages: &[Locale]) -> Option<Locale> {
    let all = scores(text, None);
    let own = |code: &str| languages.iter().any(|l| l.language() == code);
    let of_base = all.iter().find(|(code, _)| own(code)).map_or(0.0, |(_, score)| *score);
    winner(&all)
        .filter(|best| !own(best.language()))
        .filter(|_| all.first().is_some_and(|(_, best)| *best >= LEAST && of_base <= best * FAINT))
        .or_else(|| detect_among(text, languages))
}

fn winner(scores: &[(&'static str, f32)]) -> Option<Locale> {
    let (code, best) = *scores.first()?;
    let second = scores.get(1).map_or(0.0, |(_, s)| *s);
    let clear = best >= LEAST && best - second >= best * MARGIN;
    let alone = best >= LEAST_ALONE && second <= best * 0.2;
    (clear || alone).then(|| Locale::parse(code)).flatten()
}

/// Positive scores, best first; ties in the order of the codes.
fn scores(text: &str, among: Option<&[&str]>) -> Vec<(&'static str, f32)> {
    let text = head(text);
    let words = words(text);
    if words.is_empty() {
        return Vec::new();
    }
    let mut by_slot = vec![0.0_f32; evidence::languages().len()];
    if matches!(whatlang::detect_script(text), Some(Script::Latin | Script::Cyrillic)) {
        for word in &words {
            evidence::weigh(word, &mut by_slot);
        }
    }
    let mut scores: Vec<(&'static str, f32)> = evidence::languages()
        .iter()
        .copied()
        .zip(by_slot)
        .filter(|(code, _)| among.is_none_or(|a| a.contains(code)))
        .collect();
    if let Some((code, score)) = statistics(text, words.len(), among) {
        match scores.iter_mut().find(|(c, _)| *c == code) {
            Some((_, sum)) => *sum += score,
            None => scores.push((code, score)),
        }
    }
    scores.retain(|(_, score)| *score > 0.0);
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    scores
}

/// whatlang's best guess and its weight, in words: next to nothing for a few words of a script
/// that many languages share, half a word per word for long texts and surer for scripts of one
/// language.
fn statistics(text: &str, words: usize, among: Option<&[&str]>) -> Option<(&'static str, f32)> {
    let info = match among {
        None => whatlang::detect(text)?,
        Some(codes) => {
            let allowed: Vec<Lang> = codes.iter().filter_map(|c| iso::lang(c)).collect();
            if allowed.is_empty() {
                return None;
            }
            Detector::with_allowlist(allowed).detect(text)?
        }
    };
    let code = iso::code(info.lang());
    if among.is_some_and(|a| !a.contains(&code)) {
        return None;
    }
    let own_script = !matches!(
        info.script(),
        Script::Latin | Script::Cyrillic | Script::Arabic | Script::Devanagari | Script::Hebrew
    );
    let words = words as f32;
    let per_word = if own_script { 1.0 } else { (text.len() as f32 / 400.0).clamp(0.04, 0.5) };
    let least = if own_script { 1.0 } else { 0.0 };
    Some((code, (info.confidence() as f32 * per_word * words).max(least)))
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Lower-case words of letters; codes, numbers, addresses and marks say nothing of a language.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|chunk| {
            !chunk.contains(['@', '/', '_']) && !chunk.contains(|c: char| c.is_ascii_digit())
        })
        .flat_map(|chunk| {
            chunk.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’' && !mark(c))
        })
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .map(|word| {
            let word = word.trim_matches(['\'', '’']).replace('’', "'");
            word.nfc().flat_map(char::to_lowercase).collect()
        })
        .collect()
}

fn mark(ch: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&ch)
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
