//! Whether a text denies something: a question that does ("which items can't I send back") is hardly
//! answered by a sentence that does not. An unknown language simply has no such words.

use std::collections::HashSet;
use std::sync::LazyLock;

use indexer::language::fold;

/// Words of denial, lower case; compared without diacritics. What means something else in another of
/// these languages is left out.
const WORDS: &str = "not no never none without cannot neither nor nobody nothing isnt dont cant wont \
    doesnt didnt wasnt arent havent hasnt couldnt wouldnt \
    nicht kein keine keinen keinem keiner keines nie niemals ohne weder nichts niemand \
    nav nebija nebūs nevar nevaru nekad neviens nevienu nekas neko bez netiek \
    pas jamais aucun aucune sans rien \
    nunca ningún ninguna sin nada tampoco \
    non mai nessun nessuna senza niente \
    nie nigdy żaden \
    не нет нельзя никогда ничего без \
    nėra niekada ei pole mitte ilma eivät koskaan ilman inte ej aldrig ingen inga inget utan";

static DENIALS: LazyLock<HashSet<String>> =
    LazyLock::new(|| WORDS.split_whitespace().map(fold).collect());

/// Whether `text` has a word of denial.
pub fn denies(text: &str) -> bool {
    let text = fold(&text.to_lowercase()).replace('\u{2019}', "'");
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.any(|w| w.ends_with("n't") || DENIALS.contains(w.trim_matches('\'')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_seen_in_several_languages_and_spellings() {
        for text in
            ["I CAN\u{2019}T log in", "wont open", "Es geht nicht", "tas nav mans", "tas nebus"]
        {
            assert!(denies(text), "{text}");
        }
        for text in ["I want a knot", "Notes of delivery", "nott", ""] {
            assert!(!denies(text), "{text}");
        }
    }
}
