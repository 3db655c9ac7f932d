//! Questions that no company's help center answers: trivia, weather, cooking, homework, in the languages
//! that the lexicon knows. Written for this list; none is taken from a question set.
//!
//! Called by `questions`. They show what the confidence says when nothing fits.

/// Language and question.
pub(super) const QUESTIONS: &[(&str, &str)] = &[
    ("en", "what is the capital of Australia"),
    ("en", "who won the chess world championship in 1972"),
    ("en", "can you help me with my maths homework"),
    ("en", "how do I bake a sourdough bread"),
    ("en", "will it rain in the mountains tomorrow"),
    ("en", "how far away is the moon"),
    ("en", "write a poem about autumn leaves"),
    ("en", "what is the square root of 1764"),
    ("en", "which painkiller helps against a migraine"),
    ("en", "tell me a joke about penguins"),
    ("en", "who should I vote for"),
    ("en", "how many strings does a cello have"),
    ("lv", "kas uzrakstīja Lāčplēsi"),
    ("lv", "kā uzvārīt olu mīksti"),
    ("lv", "kāds rīt būs laiks Liepājā"),
    ("lv", "cik planētu ir Saules sistēmā"),
    ("lv", "palīdzi atrisināt kvadrātvienādojumu"),
    ("lv", "kurā gadā nogrima Titāniks"),
    ("de", "wie hoch ist die Zugspitze"),
    ("de", "wer hat das Telefon erfunden"),
    ("de", "gib mir ein Rezept für Kartoffelsalat"),
    ("de", "wie wird das Wetter am Wochenende"),
    ("de", "wie viele Beine hat eine Spinne"),
    ("de", "schreibe mir ein Gedicht über den Herbst"),
    ("fr", "quelle est la plus longue rivière du monde"),
    ("fr", "comment faire une omelette"),
    ("fr", "qui a peint la Joconde"),
    ("es", "cuál es la capital de Perú"),
    ("es", "cómo se prepara una paella"),
    ("es", "quién ganó el partido de ayer"),
    ("it", "chi ha scritto la Divina Commedia"),
    ("it", "come si cucina il risotto"),
    ("nl", "hoe oud kan een schildpad worden"),
    ("pl", "kto odkrył rad i polon"),
    ("pt", "qual é o maior oceano do mundo"),
    ("sv", "hur många sjöar finns det i Sverige"),
    ("fi", "kuka sävelsi Finlandian"),
    ("et", "kui kõrge on Suur Munamägi"),
    ("lt", "kas parašė Metų laikus"),
    ("uk", "хто написав Кобзаря"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_can_be_asked_and_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for (language, question) in QUESTIONS {
            assert!(indexer::model::Locale::parse(language).is_some(), "{language}");
            assert!(question.split_whitespace().count() >= 3, "{question}");
            assert!(seen.insert(question), "{question}");
        }
    }
}
