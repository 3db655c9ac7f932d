//! Sentence boundaries of one paragraph.
//!
//! Called by `source` (units of a passage) and by the server (streamed answers). Starts from the
//! Unicode rules (UAX #29) and takes back the boundaries that are none: after abbreviations,
//! initials and ordinal numbers, inside addresses and at soft line ends. Where it cannot know, it
//! joins: a sentence that is quoted too long stays true, half a sentence may not.
//!
//! Ranges are in order, never empty, never overlap, have no white space at their ends and cover
//! every character that is not white space. Linear in the text's length.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::abbreviations;
use crate::model::Locale;

/// Byte ranges of the sentences of one paragraph, without surrounding white space, in order.
pub fn sentences(text: &str, locale: &Locale) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut wordless = true;
    for (start, segment) in text.split_sentence_bound_indices() {
        let trimmed = segment.trim();
        if trimmed.is_empty() {
            continue;
        }
        let start = start + (segment.len() - segment.trim_start().len());
        let range = start..start + trimmed.len();
        match out.last_mut() {
            Some(last) if wordless || joins(text, last, &range, locale.language()) => {
                last.end = range.end;
            }
            _ => {
                wordless = true;
                out.push(range);
            }
        }
        // Known once per sentence: looking back at a long one for every segment would not be linear.
        wordless = wordless && !trimmed.contains(char::is_alphanumeric);
    }
    out
}

/// Whether the boundary between two neighbouring ranges is none.
fn joins(text: &str, left: &Range<usize>, right: &Range<usize>, language: &str) -> bool {
    let (before, gap, after) =
        (&text[left.clone()], &text[left.end..right.start], &text[right.clone()]);
    if gap.contains("\n\n") || gap.contains('\u{2029}') {
        return false;
    }
    // Only marks: a closing quote, dots, a dash.
    if !after.contains(char::is_alphanumeric) {
        return true;
    }
    if gap.is_empty() {
        return inside_a_word(before, after);
    }
    let open = before.trim_end_matches(is_closer);
    if !open.ends_with(is_terminator) {
        // A line end inside the sentence, or a terminator of another script.
        return gap.contains(['\n', '\r', '\u{2028}', '\u{85}']);
    }
    if !open.ends_with('.') || open.ends_with("..") {
        return false;
    }
    let token = last_token(open);
    let stem = &token[..token.len() - 1];
    if stem.is_empty() {
        return false;
    }
    // "1." or "a." alone is a list's number.
    if open.trim_start_matches(is_opener) == token && stem.chars().count() <= 3 && is_label(stem) {
        return true;
    }
    is_initial(stem)
        || abbreviations::never_ends(token, language)
        || (is_ordinal(stem) && ordinal(open, token, after, language))
}

/// A point, question mark or exclamation mark without a space after it: "shop.example/?Q=1",
/// "Yahoo!Mail". East Asian full stops need no space.
fn inside_a_word(before: &str, after: &str) -> bool {
    before.ends_with(['.', '?', '!', ':', '/'])
        && after.starts_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '/' | '=' | '&' | '_' | '-' | '.' | '#')
        })
        && !after.starts_with(is_east_asian)
}

fn is_east_asian(ch: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&ch) || ('\u{ac00}'..='\u{d7af}').contains(&ch)
}

fn is_terminator(ch: char) -> bool {
    matches!(
        ch,
        '.' | '!'
            | '?'
            | '…'
            | ':'
            | ';'
            | '。'
            | '！'
            | '？'
            | '｡'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '‼'
            | '⁇'
            | '⁈'
            | '⁉'
            | '։'
            | '።'
    )
}

fn is_closer(ch: char) -> bool {
    matches!(
        ch,
        '"' | '\'' | ')' | ']' | '}' | '»' | '«' | '”' | '’' | '“' | '*' | '_' | '）' | '」' | '』'
    )
}

fn is_opener(ch: char) -> bool {
    matches!(ch, '"' | '\'' | '(' | '[' | '{' | '«' | '»' | '“' | '„' | '‘' | '*' | '_')
}

/// The last word of `open` with its point, without opening brackets.
fn last_token(open: &str) -> &str {
    let start = open
        .char_indices()
        .rev()
        .find(|(_, c)| c.is_whitespace())
        .map_or(0, |(at, c)| at + c.len_utf8());
    open[start..].trim_start_matches(is_opener)
}

fn is_label(stem: &str) -> bool {
    stem.bytes().all(|b| b.is_ascii_digit())
        || (stem.chars().count() == 1 && stem.chars().all(char::is_alphabetic))
}

/// "J." or "z." or "U.S.": single letters, each with its point ("a.m." and "p.m." may end a
/// sentence). One capital "I" does end English sentences rarely enough to be taken as an initial.
fn is_initial(stem: &str) -> bool {
    if matches!(stem.to_ascii_lowercase().as_str(), "a.m" | "p.m" | "u.c" | "u.tml") {
        return false;
    }
    stem.split('.').all(|part| {
        let mut chars = part.chars();
        chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
    })
}

fn is_ordinal(stem: &str) -> bool {
    stem.len() <= 4 && stem.bytes().all(|b| b.is_ascii_digit())
}

/// "5. Mai", "am 3. Werktag", "2026. gada": languages that write ordinals with a point.
fn ordinal(open: &str, token: &str, after: &str, language: &str) -> bool {
    const LANGUAGES: [&str; 13] =
        ["de", "lv", "et", "fi", "da", "nb", "cs", "sk", "pl", "hu", "sl", "hr", "und"];
    if !LANGUAGES.contains(&language) {
        return false;
    }
    let next =
        after.split(|c: char| !c.is_alphanumeric()).find(|w| !w.is_empty()).unwrap_or_default();
    if abbreviations::follows_ordinal(next) {
        return true;
    }
    let previous = last_token(open[..open.len() - token.len()].trim_end());
    language == "de" && token.len() <= 3 && abbreviations::precedes_ordinal(previous)
}

#[cfg(test)]
#[path = "sentences_tests.rs"]
mod tests;
