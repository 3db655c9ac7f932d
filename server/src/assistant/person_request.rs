//! Does the customer ask for a person? Decided by rule, in code, before anything is searched, in any
//! of the languages below, also as the very first message and with typing errors.
//!
//! A request is a verb of speaking or passing on with a noun for a person behind it ("let me talk to
//! somebody"), a wish with such a noun at the end ("I want a human"), or a short message that is
//! hardly more than the noun ("agent please"). A question *about* people ("can another person
//! collect my parcel?") has no such verb and is an ordinary question. Words are compared without
//! diacritics and with one typing error (two in long words).

use indexer::language::{edit_distance, fold};

/// Words of one language; all folded to plain letters. A trailing `*` stands for any ending.
struct Lexicon {
    /// Speak, connect, pass on: a person behind them makes a request.
    talk: &'static [&'static str],
    /// Want, need, give: only with the person right behind and nothing after.
    want: &'static [&'static str],
    /// Nouns that always mean a person of the company.
    person: &'static [&'static str],
    /// Nouns that do so only behind a verb of speaking.
    somebody: &'static [&'static str],
    /// Words that may stand between without changing the meaning, and in short messages.
    filler: &'static [&'static str],
}

const LEXICONS: &[Lexicon] = &[
    // English
    Lexicon {
        talk: &[
            "talk", "talking", "speak", "speaking", "spk", "chat", "connect", "transfer", "put",
            "pass", "escalate", "forward", "switch", "reach",
        ],
        want: &["want", "need", "give", "get", "wanna", "prefer", "bring", "send"],
        person: &[
            "human",
            "humans",
            "agent",
            "operator",
            "representative",
            "rep",
            "person",
            "people",
            "supervisor",
            "manager",
            "advisor",
            "adviser",
            "employee",
            "staff",
            "colleague",
        ],
        somebody: &[
            "someone", "somebody", "support", "service", "team", "anyone", "anybody", "guy",
        ],
        filler: &[
            "a",
            "an",
            "the",
            "to",
            "with",
            "real",
            "live",
            "actual",
            "human",
            "customer",
            "support",
            "service",
            "please",
            "pls",
            "plz",
            "now",
            "me",
            "i",
            "can",
            "could",
            "may",
            "just",
            "from",
            "your",
            "through",
            "some",
            "hi",
            "hello",
            "hey",
            "not",
            "bot",
            "no",
            "robot",
            "want",
            "here",
            "is",
            "there",
            "any",
            "w",
            "ur",
            "of",
            "one",
            "would",
            "like",
            "d",
            "let",
            "alive",
            "breathing",
        ],
    },
    // Latvian
    Lexicon {
        talk: &[
            "runat",
            "parunat",
            "aprunaties",
            "savienojiet",
            "savieno",
            "savienot",
            "parsledziet",
            "nododiet",
            "sazinaties",
            "sarunaties",
            "rakstit",
            "pasauciet",
            "pieslegt*",
        ],
        want: &["gribu", "velos", "vajag", "vajadzigs", "nepieciesams", "dodiet", "ludzu"],
        person: &[
            "cilveku",
            "cilveks",
            "cilvekam",
            "operatoru",
            "operators",
            "operatoram",
            "darbinieku",
            "darbinieks",
            "darbiniekam",
            "konsultantu",
            "konsultants",
            "konsultantam",
            "specialistu",
            "kolegi",
            "vaditaju",
            "menedzeri",
            "agentu",
        ],
        somebody: &["kadu", "kads", "atbalstu", "jums", "jusu", "klientu"],
        filler: &[
            "ar",
            "istu",
            "ists",
            "dzivu",
            "dzivs",
            "ludzu",
            "mani",
            "man",
            "es",
            "vai",
            "varu",
            "varetu",
            "nevis",
            "robotu",
            "botu",
            "sveiki",
            "labdien",
            "tulit",
            "uzreiz",
            "klientu",
            "apkalposanas",
            "kads",
            "kadu",
        ],
    },
    // German
    Lexicon {
        talk: &[
            "sprechen",
            "reden",
            "verbinden",
            "verbinde",
            "weiterleiten",
            "durchstellen",
            "chatten",
            "weiterverbinden",
            "verbindet",
            "unterhalten",
        ],
        want: &["will", "moechte", "mochte", "brauche", "geben", "gib", "wunsche", "benotige"],
        person: &[
            "mensch",
            "menschen",
            "mitarbeiter",
            "mitarbeiterin",
            "person",
            "berater",
            "beraterin",
            "kundenberater",
            "ansprechpartner",
            "kundendienst",
            "kundenservice",
            "sachbearbeiter",
            "vorgesetzten",
            "agenten",
            "operator",
            "kollegen",
        ],
        somebody: &["jemand", "jemanden", "jemandem", "support", "team", "euch", "ihnen"],
        filler: &[
            "mit",
            "einem",
            "einer",
            "einen",
            "ein",
            "eine",
            "dem",
            "der",
            "den",
            "echten",
            "echter",
            "echte",
            "richtigen",
            "bitte",
            "mich",
            "mir",
            "ich",
            "kann",
            "konnte",
            "koennte",
            "nicht",
            "bot",
            "roboter",
            "hallo",
            "guten",
            "tag",
            "sofort",
            "jetzt",
            "menschlichen",
            "von",
            "kein",
            "keinen",
            "lebenden",
            "zu",
            "sie",
            "euch",
            "doch",
            "endlich",
            "mal",
            "einfach",
            "aus",
            "ihrem",
            "team",
            "heute",
        ],
    },
];

/// Wishes to be called, which need no noun; folded.
const CALL_ME: &[&str] = &[
    "call me back",
    "call me please",
    "please call me",
    "ring me back",
    "give me a call",
    "atzvanit",
    "atzvaniet",
    "piezvaniet man",
    "zuruckrufen",
    "rufen sie mich",
    "ruf mich",
    "mich anrufen",
];

/// Words between a verb of speaking and its person, at most.
const REACH: usize = 6;
/// Words of a message that is taken as a bare call for a person, at most.
const SHORT: usize = 6;

/// Whether `message` asks for a person.
pub(super) fn asks_for_person(message: &str) -> bool {
    let words = words(message);
    if words.is_empty() || words.len() > 400 {
        return false;
    }
    let sentence = format!(" {} ", words.join(" "));
    let call = CALL_ME.iter().any(|wish| sentence.contains(&format!(" {wish} ")));
    call || LEXICONS.iter().any(|lexicon| lexicon.asks(&words))
}

impl Lexicon {
    fn asks(&self, words: &[String]) -> bool {
        let person: Vec<bool> = words.iter().map(|w| matches(w, self.person)).collect();
        let somebody: Vec<bool> = words.iter().map(|w| matches(w, self.somebody)).collect();
        if words.len() <= SHORT && person.contains(&true) && self.only_filler(words, &person) {
            return true;
        }
        words.iter().enumerate().any(|(i, word)| {
            if matches(word, self.talk) {
                self.person_follows(words, &person, &somebody, i)
                    || self.person_precedes(words, &person, &somebody, i)
            } else if matches(word, self.want) {
                // The person must be what is wanted, with nothing of content after it.
                let found = (i + 1..words.len()).find(|&j| !self.is_filler(&words[j]) || person[j]);
                found.is_some_and(|j| person[j] && words[j + 1..].iter().all(|w| self.is_filler(w)))
            } else {
                false
            }
        })
    }

    /// "talk to a real person", "connect me with someone".
    fn person_follows(
        &self,
        words: &[String],
        person: &[bool],
        somebody: &[bool],
        at: usize,
    ) -> bool {
        let end = words.len().min(at + 1 + REACH);
        (at + 1..end).any(|j| {
            (person[j] || somebody[j])
                && words[at + 1..j].iter().all(|w| self.is_filler(w) || matches(w, self.somebody))
        })
    }

    /// "mit einem Menschen sprechen", "cilveku savienojiet": the verb comes last.
    fn person_precedes(
        &self,
        words: &[String],
        person: &[bool],
        somebody: &[bool],
        at: usize,
    ) -> bool {
        let start = at.saturating_sub(3);
        (start..at).any(|j| {
            (person[j]
                || somebody[j] && words[..j].iter().rev().take(1).any(|w| w == "mit" || w == "ar"))
                && words[j + 1..at].iter().all(|w| self.is_filler(w))
        })
    }

    fn only_filler(&self, words: &[String], person: &[bool]) -> bool {
        words.iter().zip(person).all(|(w, p)| *p || self.is_filler(w) || matches(w, self.want))
    }

    fn is_filler(&self, word: &str) -> bool {
        self.filler.contains(&word)
    }
}

/// Lower-case words without diacritics.
fn words(message: &str) -> Vec<String> {
    fold(&message.to_lowercase())
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

fn matches(word: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => {
            let allowed = match entry.chars().count() {
                0..=4 => 0,
                5..=8 => 1,
                _ => 2,
            };
            word == *entry || (allowed > 0 && within(word, entry, allowed))
        }
    })
}

/// Whether at most `allowed` typing errors turn `a` into `b`, with the first letter right.
fn within(a: &str, b: &str, allowed: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    a.first() == b.first()
        && a.len().abs_diff(b.len()) <= allowed
        && edit_distance(&a, &b) <= allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_many_words_are_seen() {
        for message in [
            "human",
            "agent please",
            "I want to talk to a real person",
            "can i speak with someone",
            "let me talk to somebody now!!",
            "connect me to an operator",
            "just give me a human",
            "i need a live agent",
            "I wnat to speek to a humna",
            "put me through to customer service",
            "my order is late again, please transfer me to a representative",
            "is there a real person here?",
            "gribu runāt ar cilvēku",
            "gribu runat ar cilveku",
            "savienojiet mani ar operatoru, lūdzu",
            "operatoru lūdzu",
            "vai varu parunāt ar kādu darbinieku?",
            "Ich möchte mit einem Menschen sprechen",
            "ich moechte mit einem mitarbieter sprechen",
            "Mitarbeiter bitte",
            "Können Sie mich mit jemandem verbinden",
            "bitte mit einem Kundenberater verbinden",
            "Could somebody from your team call me back today, please?",
            "live chat w support pls",
            "hilft mir nicht, verbinden sie mich mit einem kollegen",
            "Vai kāds no jums šodien varētu man atzvanīt par manu pasūtījumu?",
            "Könnte mich bitte heute jemand zurückrufen?",
        ] {
            assert!(asks_for_person(message), "{message}");
        }
    }

    #[test]
    fn ordinary_questions_are_left_alone() {
        for message in [
            "can another person collect my order?",
            "how many people fit into the Priede tent",
            "what does the service cost",
            "how do I contact customer service?",
            "I want to add a person to my club account",
            "does the manager of the Riga store speak German?",
            "how do I talk my way out of the fee",
            "Cik cilvēku var gulēt teltī?",
            "Wie viele Personen passen in das Zelt?",
            "vai kāds cits cilvēks var saņemt manu pasūtījumu",
            "Can I get support for walking poles?",
            "give me the price of the tent for 4 people",
        ] {
            assert!(!asks_for_person(message), "{message}");
        }
    }
}
