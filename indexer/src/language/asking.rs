//! Words that ask: "I want to know", "can you tell me", "looking for". They say that somebody asks, not what about, and
//! an article that lacks them may answer all the same. Unlike function words they can be a subject, so they are searched
//! like others, and count less only where it is judged how far a text covers a question.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::fold::fold;

/// Whether a folded word of `language` is one that asks. Never for a language without a list.
pub(crate) fn asks(language: &str, folded: &str) -> bool {
    SETS.get(language).is_some_and(|set| set.contains(folded))
}

static SETS: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
    let set = |words: &'static str| words.split_whitespace().map(fold).collect();
    LISTS.iter().map(|&(language, words)| (language, set(words))).collect()
});

const LISTS: &[(&str, &str)] = &[
    (
        "en",
        "tell want wants wanted wanna need needs needed know like looking wonder wondering explain advise possible able \
         way trying hoping curious understand",
    ),
    (
        "de",
        "möchte möchten will wollen wissen sagen brauche brauchen suche erklären möglich gern gerne hätte würde verstehen",
    ),
    (
        "lv",
        "vēlos vēlētos gribu gribētu zināt uzzināt pateikt pateiksiet pastāstiet iespējams meklēju saprast",
    ),
    (
        "fr",
        "veux voudrais souhaite souhaiterais aimerais savoir dire besoin cherche expliquer possible comprendre",
    ),
    (
        "es",
        "quiero quisiera deseo gustaría saber decir decirme necesito busco explicar posible entender",
    ),
    ("it", "voglio vorrei desidero sapere dire dirmi bisogno cerco spiegare possibile capire"),
    (
        "pl",
        "chcę chciałbym chciałabym wiedzieć powiedzieć potrzebuję szukam możliwe wyjaśnić zrozumieć",
    ),
    ("sv", "vill veta säga behöver letar möjligt undrar förklara förstå"),
    ("fi", "haluan haluaisin tietää kertoa tarvitsen etsin mahdollista ymmärtää"),
    ("et", "tahan tahaksin soovin sooviksin teada öelda vaja otsin võimalik mõista"),
    ("lt", "noriu norėčiau žinoti sužinoti pasakyti reikia ieškau įmanoma suprasti"),
    (
        "ru",
        "хочу хотел хотела хотелось знать узнать сказать скажите подскажите нужно нужен нужна ищу возможно понять",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_ask_are_known_in_their_language_alone() {
        assert!(asks("en", "want") && asks("de", "moglich") && asks("lv", "velos"));
        assert!(!asks("de", "want") && !asks("en", "refund") && !asks("xx", "want"));
    }
}
