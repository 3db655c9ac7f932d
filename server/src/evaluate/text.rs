//! Comparing words of an answer or a passage with words that a set expects.
//!
//! Called by `golden_run` and `probe`. Pure functions; they forgive what does not change the meaning
//! (case, white space, markup) and nothing else.

/// Lower case with single spaces.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Lower-case letters and digits alone: equal for a text and its Markdown, but for link targets.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_white_space_fold_and_signs_stay() {
        assert_eq!(folded("  Pay\u{a0}€6.90\n NOW "), "pay €6.90 now");
        assert_eq!(folded(" \n"), "");
    }

    #[test]
    fn markup_does_not_count() {
        assert_eq!(bare("**Step** 1.\n\n- go `there`"), bare("step 1 Go there"));
    }
}
