//! What kind of answer a question wants, and whether a text has it: an amount, a time, a weight, a
//! size, a contact, a procedure. Cues in the languages of the sample; an unknown language simply has no type.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use indexer::language::{fold, sentences};
use indexer::model::Locale;

/// The kind of answer that a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerType {
    Money,
    Time,
    Weight,
    Size,
    Contact,
    Procedure,
}

/// Beginnings of words or phrases that ask for a kind of answer (English, Latvian, German), lower
/// case, with and without diacritics.
const MONEY: &[&str] = &[
    "how much",
    "price",
    "cost",
    "fee",
    "charge",
    "expensive",
    "pay for",
    "what do i pay",
    "do i have to pay",
    "cik maksa",
    "maksa",
    "cena",
    "cenas",
    "cik naudas",
    "kostet",
    "kosten",
    "preis",
    "gebühr",
    "gebuehr",
    "teuer",
    "wie viel",
    "wieviel",
];
const TIME: &[&str] = &[
    "how long",
    "how many days",
    "how many weeks",
    "how soon",
    "how fast",
    "how quick",
    "when",
    "until",
    "till",
    "deadline",
    "by what date",
    "what time",
    "open",
    "hours",
    "window",
    "cik ilgi",
    "cik ilgā",
    "cik ilga",
    "cik dien",
    "kad ",
    "līdz kuram",
    "lidz kuram",
    "termiņ",
    "termin",
    "darba laik",
    "wie lange",
    "wann",
    "bis wann",
    "frist",
    "öffnungszeit",
    "oeffnungszeit",
    "wie viele tage",
    "dauer",
];
const WEIGHT: &[&str] = &[
    "how heavy",
    "what weight",
    "weigh",
    "cik smag",
    "cik sver",
    "cik svar",
    "kads svars",
    "wie schwer",
    "wiegt",
    "wiegen",
    "gewicht",
];
const SIZE: &[&str] = &[
    "how big",
    "how large",
    "how wide",
    "how tall",
    "how deep",
    "dimension",
    "what size",
    "cik liel",
    "cik plat",
    "cik gar",
    "izmer",
    "gabarit",
    "wie groß",
    "wie gross",
    "wie breit",
    "wie tief",
    "abmessung",
];
const CONTACT: &[&str] = &[
    "phone",
    "e-mail",
    "email",
    "telephone",
    "call you",
    "reach you",
    "contact",
    "address",
    "tālru",
    "talru",
    "e-past",
    "epast",
    "adres",
    "sazin",
    "telefon",
    "kontakt",
    "erreich",
    "anschrift",
];
const PROCEDURE: &[&str] = &[
    "how do i",
    "how can i",
    "how to",
    "how should i",
    "steps",
    "what should i do",
    "what do i do",
    "what must i do",
    "kā ",
    "ka es",
    "ko darīt",
    "ko darit",
    "wie kann",
    "wie geht",
    "wie mache",
    "was muss ich",
    "was soll ich",
    "wie funktioniert",
    "wie bekomme",
    "wie lös",
    "wie loes",
];

const CURRENCY: &[&str] = &["€", "$", "£", "eur", "free", "bezmaksas", "kostenlos", "gratis", "%"];
const TIME_UNITS: &[&str] = &[
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "friday",
    "saturday",
    "sunday",
    "minūt",
    "stund",
    "dien",
    "nedēļ",
    "mēne",
    "gad",
    "janvār",
    "februār",
    "mart",
    "aprīl",
    "maij",
    "jūnij",
    "jūlij",
    "august",
    "septembr",
    "oktobr",
    "novembr",
    "decembr",
    "sekund",
    "tag",
    "woche",
    "monat",
    "jahr",
    "januar",
    "februar",
    "märz",
    "juni",
    "juli",
    "dezember",
    "uhr",
];

const WEIGHT_UNITS: &[&str] = &["kg", "g", "lb", "lbs", "oz", "kilo", "gram", "tonn", "pound"];
const SIZE_UNITS: &[&str] = &[
    "mm", "cm", "m", "km", "inch", "ft", "feet", "l", "litre", "liter", "litr", "metre", "meter",
    "metr", "centim", "zentim", "millim",
];

/// Words that, first or last in a question, ask how to do something ...
const HOW: &[&str] = &["how", "wie"];
/// ... unless one of these follows: a measure, or what something is.
const HOW_MUCH: &str = "long much many far fast quick quickly soon big large small heavy old often late early high tall wide \
    deep about come is are was were does did lange lang viel viele weit schnell bald oft häufig groß \
    gross klein schwer alt hoch tief breit dick spät früh teuer ist sind war waren";
/// Numbers in words, from two on: "one" is an article as well.
const COUNTS: &str = "two three four five six seven eight nine ten twelve fourteen thirty zwei drei vier fünf sechs sieben \
    acht neun zehn zwölf vierzehn dreißig divi divas divu divus divām trīs triju četras četru četrus \
    piecas piecu piecus piecām sešas sešu septiņas septiņu desmit četrpadsmit trīsdesmit";

/// The lists without diacritics, as texts are compared.
static ASKING: LazyLock<[(AnswerType, Vec<String>); 6]> = LazyLock::new(|| {
    [
        (AnswerType::Money, MONEY),
        (AnswerType::Time, TIME),
        (AnswerType::Weight, WEIGHT),
        (AnswerType::Size, SIZE),
        (AnswerType::Contact, CONTACT),
        (AnswerType::Procedure, PROCEDURE),
    ]
    .map(|(kind, cues)| (kind, cues.iter().map(|c| plain(c)).collect()))
});
static UNITS_OF_TIME: LazyLock<Vec<String>> =
    LazyLock::new(|| TIME_UNITS.iter().map(|u| plain(u)).collect());
static NO_PROCEDURE: LazyLock<HashSet<String>> =
    LazyLock::new(|| HOW_MUCH.split_whitespace().map(plain).collect());
static NUMBERS: LazyLock<HashSet<String>> =
    LazyLock::new(|| COUNTS.split_whitespace().map(plain).collect());

impl AnswerType {
    /// Types that `question` asks for, most telling first; empty for a question of no known type. Of a long one
    /// the sentences count that ask, not the story around them.
    pub fn of_question(question: &str) -> Vec<Self> {
        let question = plain(&format!(" {} ", asking(question)));
        ASKING
            .iter()
            .filter(|(kind, cues)| {
                cues.iter().any(|cue| at_word_start(&question, cue))
                    || *kind == Self::Procedure && asks_how(&question)
            })
            .map(|(kind, _)| *kind)
            .collect()
    }

    /// Whether `text` holds an answer of this type. Procedures are seen by the kind of unit, not by
    /// words, so they are never in a text as such.
    pub fn is_in(self, text: &str) -> bool {
        let text = plain(text);
        match self {
            Self::Money => CURRENCY.iter().any(|c| text.contains(c)),
            Self::Time => {
                (text.contains(|c: char| c.is_ascii_digit())
                    || words(&text).any(|word| NUMBERS.contains(word)))
                    && (UNITS_OF_TIME.iter().any(|u| at_word_start(&text, u)) || clock(&text))
            }
            Self::Weight => measured(&text, WEIGHT_UNITS),
            Self::Size => measured(&text, SIZE_UNITS),
            Self::Contact => text.contains('@') || phone(&text),
            Self::Procedure => false,
        }
    }
}

/// The sentences that end with a question mark; the whole text where none does.
fn asking(text: &str) -> Cow<'_, str> {
    let all = sentences(text, &Locale::undetermined());
    let asking: Vec<&str> =
        all.iter().map(|range| &text[range.clone()]).filter(|s| s.ends_with(['?', '？'])).collect();
    if asking.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(asking.join(" ")) }
}

/// Lower case without diacritics.
fn plain(text: &str) -> String {
    fold(&text.to_lowercase())
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// "How do we ...", "wie melde ich ...", "kündigen wie".
fn asks_how(question: &str) -> bool {
    let how = |word: Option<&str>| word.is_some_and(|w| HOW.contains(&w));
    let next = words(question).nth(1);
    let measure = next.is_some_and(|next| NO_PROCEDURE.contains(next));
    how(words(question).next()) && !measure || how(words(question).next_back())
}

/// A number with one of the units behind it: "25 kg", "65-litre". A unit of four letters or more may go on.
fn measured(text: &str, units: &[&str]) -> bool {
    let is_unit = |word: &str| {
        units.iter().any(|unit| word == *unit || unit.len() >= 4 && word.starts_with(unit))
    };
    let mut number = false;
    words(text).any(|word| {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let glued = rest.len() < word.len();
        let found = (number || glued) && is_unit(rest);
        number = glued && rest.is_empty();
        found
    })
}

fn at_word_start(text: &str, cue: &str) -> bool {
    text.match_indices(cue)
        .any(|(at, _)| text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric()))
}

/// `9:00`, `18.30`.
fn clock(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(4).any(|w| {
        w[0].is_ascii_digit()
            && (w[1] == b':' || w[1] == b'.')
            && w[2].is_ascii_digit()
            && w[3].is_ascii_digit()
    })
}

/// A plus sign and at least seven digits, spaces between them or not.
fn phone(text: &str) -> bool {
    text.split('+').skip(1).any(|rest| {
        rest.chars()
            .take_while(|c| c.is_ascii_digit() || *c == ' ')
            .filter(char::is_ascii_digit)
            .count()
            >= 7
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_name_the_kind_of_answer_they_want() {
        for (question, kind) in [
            ("how much is shipping to Finland", AnswerType::Money),
            ("Cik maksā piegāde?", AnswerType::Money),
            ("wie lange dauert die Lieferung", AnswerType::Time),
            ("how do I reset my password", AnswerType::Procedure),
            ("How would we change the owner?", AnswerType::Procedure),
            ("Wie melde ich meinen Zählerstand?", AnswerType::Procedure),
            ("abschlag senken wie", AnswerType::Procedure),
            ("whats your phone number", AnswerType::Contact),
            ("How heavy can a parcel be?", AnswerType::Weight),
            ("Cik smaga drīkst būt paka?", AnswerType::Weight),
            ("how big is the tent", AnswerType::Size),
        ] {
            assert!(AnswerType::of_question(question).contains(&kind), "{question}");
        }
        for none in ["do you sell kayaks", "Wie hoch ist die Stufe?"] {
            assert!(AnswerType::of_question(none).is_empty(), "{none}");
        }
        let story = "I paid the price when I ordered. Do you sell kayaks? Thank you.";
        assert!(AnswerType::of_question(story).is_empty(), "only what asks counts");
    }

    #[test]
    fn texts_hold_the_kind_or_not() {
        assert!(AnswerType::Money.is_in("It costs €2.90."));
        assert!(AnswerType::Time.is_in("within 5 working days"));
        assert!(AnswerType::Time.is_in("Mon to Fri 9:00 to 18:00"));
        assert!(AnswerType::Time.is_in("innerhalb von zwei Wochen"));
        assert!(!AnswerType::Time.is_in("a few days later"), "no number, no time");
        assert!(AnswerType::Weight.is_in("up to 25 kg") && AnswerType::Weight.is_in("Max. 25kg"));
        assert!(
            AnswerType::Size.is_in("38 × 64 × 60 cm") && AnswerType::Size.is_in("a 65-litre bag")
        );
        assert!(
            !AnswerType::Weight.is_in("38 × 64 × 60 cm") && !AnswerType::Size.is_in("in 3 days")
        );
        assert!(AnswerType::Contact.is_in("call +371 6700 0123"));
        assert!(!AnswerType::Contact.is_in("2 + 2 is 4"));
    }
}
