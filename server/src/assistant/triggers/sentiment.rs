//! Anger at the service. One insult or curse is strong; a remark ("this is ridiculous", "for the
//! third time") is mild, and two of them in one message are strong. Shouting alone is nothing: some
//! people write in capitals. Called for the message alone, and by `over_turns` for those before it.

use std::sync::LazyLock;

use super::lexicon::Lexicon;
use super::words::Words;

/// How angry a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anger {
    None,
    Mild,
    Strong,
}

static STRONG: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::of_files(&[include_str!("data/sentiment/strong.toml")]));
static MILD: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::of_files(&[include_str!("data/sentiment/mild.toml")]));

pub(super) fn anger(words: &Words) -> Anger {
    if STRONG.read(words).is_in_any_list() {
        return Anger::Strong;
    }
    let remarks = MILD.read(words).ends_of_all_lists();
    // Two patterns may see one remark: only ends that a clause or three words part count twice.
    let (mut count, mut last) = (0, None);
    for at in remarks.places() {
        let parted = last.is_none_or(|before: usize| {
            at - before > 3 || (before..at).any(|p| words.clauses.get(p))
        });
        if parted {
            count += 1;
        }
        last = Some(at);
    }
    match count {
        0 => Anger::None,
        1 => Anger::Mild,
        _ => Anger::Strong,
    }
}
