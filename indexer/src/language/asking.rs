//! Words that ask: "I want to know", "can you tell me", the "long" of "how long". They say that somebody asks, not what
//! about, and an article that lacks them may answer all the same: "30 days". Unlike function words they can be a subject,
//! so they are searched like others, and count less only where it is judged how far a text covers a question.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::fold::fold;

/// Whether a folded word of `language`, after the folded word `before`, is one that asks. Never for a language without
/// a list.
pub(crate) fn asks(language: &str, before: &str, folded: &str) -> bool {
    SETS.get(language).is_some_and(|sets| {
        sets.asking.contains(folded)
            || sets.of_measure.contains(before) && sets.measures.contains(folded)
    })
}

struct Sets {
    asking: HashSet<String>,
    /// Words that ask for a measure together with one of `measures`.
    of_measure: HashSet<String>,
    measures: HashSet<String>,
}

static SETS: LazyLock<HashMap<&'static str, Sets>> = LazyLock::new(|| {
    let set = |words: &'static str| words.split_whitespace().map(fold).collect();
    let sets = |&(language, asking, of_measure, measures)| {
        let sets =
            Sets { asking: set(asking), of_measure: set(of_measure), measures: set(measures) };
        (language, sets)
    };
    LISTS.iter().map(sets).collect()
});

/// Language, words that ask, words that ask for a measure, and the measures that they ask for.
const LISTS: &[(&str, &str, &str, &str)] = &[
    (
        "en",
        "tell want wants wanted wanna need needs needed know like looking wonder wondering explain advise possible able \
         way trying hoping curious understand",
        "how",
        "long many much far fast quick quickly soon big large small heavy old young often late early high tall wide deep thick frequently",
    ),
    (
        "de",
        "möchte möchten will wollen wissen sagen brauche brauchen suche erklären möglich gern gerne hätte würde verstehen",
        "wie",
        "lange lang viel viele weit schnell bald oft häufig groß klein schwer alt jung hoch tief breit dick spät früh",
    ),
    (
        "lv",
        "vēlos vēlētos gribu gribētu zināt uzzināt pateikt pateiksiet pastāstiet iespējams meklēju saprast",
        "cik",
        "ilgi ilgs ilga ilgam daudz tālu ātri drīz bieži liels liela lieli mazs maza smags smaga vecs veca vēlu agri augsts augsta plats plata dziļš dziļa",
    ),
    (
        "fr",
        "veux voudrais souhaite souhaiterais aimerais savoir dire besoin cherche expliquer possible comprendre",
        "combien de",
        "temps fois",
    ),
    (
        "es",
        "quiero quisiera deseo gustaría saber decir decirme necesito busco explicar posible entender",
        "cuánto cuánta cuántos cuántas",
        "tiempo veces",
    ),
    (
        "it",
        "voglio vorrei desidero sapere dire dirmi bisogno cerco spiegare possibile capire",
        "quanto quanta quanti quante",
        "tempo volte spesso grande lontano presto",
    ),
    (
        "pl",
        "chcę chciałbym chciałabym wiedzieć powiedzieć potrzebuję szukam możliwe wyjaśnić zrozumieć",
        "jak ile",
        "długo dużo często szybko daleko duży duża stary stara ciężki ciężka wysoki czasu razy",
    ),
    (
        "sv",
        "vill veta säga behöver letar möjligt undrar förklara förstå",
        "hur",
        "länge lång långt många mycket snabbt ofta stor stort gammal tung tidigt sent hög",
    ),
    (
        "fi",
        "haluan haluaisin tietää kertoa tarvitsen etsin mahdollista ymmärtää",
        "kuinka miten",
        "kauan pitkään monta paljon nopeasti pian usein suuri vanha painava kaukana",
    ),
    (
        "et",
        "tahan tahaksin soovin sooviksin teada öelda vaja otsin võimalik mõista",
        "kui",
        "kaua palju kiiresti ruttu tihti sageli suur vana raske kaugel vara hilja",
    ),
    (
        "lt",
        "noriu norėčiau žinoti sužinoti pasakyti reikia ieškau įmanoma suprasti",
        "kaip kiek",
        "ilgai daug greitai dažnai toli didelis senas sunkus laiko kartų",
    ),
    (
        "ru",
        "хочу хотел хотела хотелось знать узнать сказать скажите подскажите нужно нужен нужна ищу возможно понять",
        "как сколько",
        "долго много быстро скоро часто далеко времени раз лет рано поздно",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_ask_are_known_in_their_language_alone() {
        let asks = |language, word| asks(language, "", word);
        assert!(asks("en", "want") && asks("de", "moglich") && asks("lv", "velos"));
        assert!(!asks("de", "want") && !asks("en", "refund") && !asks("xx", "want"));
    }

    #[test]
    fn a_measure_asks_after_the_word_that_asks_for_it() {
        assert!(
            asks("en", "how", "long") && asks("de", "wie", "haufig") && asks("lv", "cik", "atri")
        );
        assert!(
            !asks("en", "a", "long") && !asks("en", "how", "refund") && !asks("de", "how", "lange")
        );
    }
}
