//! How a number is limited: "within 60 days", "after 60 days", "at least 60 days".
//!
//! Called by the parser of literals, used by the polarity check. Words that stand before the number
//! or, in Latvian, Estonian and Finnish, behind its unit.

use super::lex::Token;
use crate::assistant::guard::phrase::Phrases;

/// The limit that a number expresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::assistant::guard) enum Relation {
    /// The number as it is.
    None,
    /// Not beyond: within, up to, at most, before, until.
    Within,
    /// At least, from, more than.
    Least,
    /// Later than; nothing happens before.
    After,
}

impl Relation {
    /// Whether a sentence that says `claim` contradicts a source that says `self`.
    pub(in crate::assistant::guard) fn contradicts(self, claim: Self) -> bool {
        match self {
            Self::None => claim == Self::Least,
            Self::Within => matches!(claim, Self::Least | Self::After),
            Self::Least | Self::After => claim == Self::Within,
        }
    }
}

/// The relation of a number whose tokens are `first..last`.
pub(super) fn of(tokens: &[Token], first: usize, last: usize, language: &str) -> Relation {
    let before = PHRASES.ending_at(tokens, first, language);
    let found = before.or_else(|| AFTER.starting_at(tokens, last, language));
    found.map_or(Relation::None, |name| match name {
        "within" => Relation::Within,
        "least" => Relation::Least,
        _ => Relation::After,
    })
}

/// Phrases before the number.
static PHRASES: Phrases = Phrases::new(&[
    (
        "en",
        "within",
        "within|in|up to|at most|no more than|not more than|no later than|not later than|maximum|max|a maximum of|maximum of|until|till|by|under|below|less than|fewer than|before|inside|in under|as much as|in the first|for up to|at the most|not exceeding|limit of",
    ),
    (
        "en",
        "least",
        "at least|minimum|a minimum of|minimum of|no less than|not less than|never less than|never for less than|no fewer than|from|more than|over|above|longer than|exceeding|exceeds|starting at|starting from|upwards of|worth more than|heavier than|beyond|or more than",
    ),
    (
        "en",
        "after",
        "after|only after|not before|no sooner than|not until|later than|past|no earlier than|not within",
    ),
    (
        "de",
        "within",
        "innerhalb von|innerhalb der|innerhalb|in|binnen|bis zu|bis|höchstens|maximal|spätestens|spätestens nach|nicht mehr als|unter|weniger als|vor|max|bis spätestens|längstens|in den ersten|bis um",
    ),
    (
        "de",
        "least",
        "mindestens|wenigstens|ab|mehr als|über|nicht weniger als|minimal|länger als|schwerer als|von mindestens|mehr wert als",
    ),
    ("de", "after", "nach|erst nach|frühestens nach|frühestens|nicht vor|später als"),
    (
        "lv",
        "within",
        "līdz|ne vairāk kā|ne vairāk par|ne vēlāk kā|ne ilgāk kā|ne ilgāk par|ne vēlāk par|maksimāli|mazāk par|mazāk nekā|pirms|ne vairāk|augstākais|zem|īsāk par",
    ),
    (
        "lv",
        "least",
        "vismaz|no|vairāk par|vairāk nekā|virs|ne mazāk kā|ne mazāk par|ilgāk par|minimums|pārsniedz|ilgāk nekā|sākot no|smagāks par|smagākas par|dārgāks par|vērts vairāk par",
    ),
    ("lv", "after", "pēc|tikai pēc|ne agrāk kā|vēlāk par|vēlāk nekā|ne ātrāk kā"),
    ("fr", "within", "dans les|sous|jusqu'a|au plus|maximum|avant|moins de|en|au maximum"),
    ("fr", "least", "au moins|a partir de|plus de|minimum|des|depassant"),
    ("fr", "after", "après|pas avant|au bout de"),
    ("es", "within", "en|dentro de|hasta|como máximo|antes de|menos de|en un plazo de"),
    ("es", "least", "al menos|a partir de|más de|como mínimo|desde|mínimo"),
    ("es", "after", "después de|tras|pasados|al cabo de"),
    ("it", "within", "entro|fino a|al massimo|prima di|meno di|prima delle"),
    ("it", "least", "almeno|a partire da|più di|minimo|da|oltre"),
    ("it", "after", "dopo|non prima di"),
    ("nl", "within", "binnen|tot|maximaal|hoogstens|uiterlijk|voor|minder dan|in"),
    ("nl", "least", "minstens|ten minste|vanaf|meer dan|minimaal|boven"),
    ("nl", "after", "na|pas na|niet voor"),
    ("pl", "within", "w ciągu|do|maksymalnie|najpóźniej|przed|mniej niż|nie więcej niż|w terminie"),
    ("pl", "least", "co najmniej|przynajmniej|od|ponad|powyżej|więcej niż|minimum"),
    ("pl", "after", "po|dopiero po|po upływie"),
    ("ru", "within", "в течение|до|не более|не позднее|максимум|перед|менее|за"),
    ("ru", "least", "не менее|минимум|от|более|свыше|больше|как минимум"),
    ("ru", "after", "после|через|спустя|только через"),
    ("lt", "within", "per|iki|ne daugiau kaip|ne vėliau kaip|daugiausia|prieš|mažiau nei"),
    ("lt", "least", "mažiausiai|bent|nuo|daugiau nei|ne mažiau kaip|virš"),
    ("lt", "after", "po|tik po"),
    ("et", "within", "kuni|enne|maksimaalselt|kõige rohkem|vähem kui"),
    ("et", "least", "vähemalt|alates|üle|rohkem kui"),
    ("et", "after", "pärast|alles"),
    ("fi", "within", "enintään|ennen|korkeintaan|alle"),
    ("fi", "least", "vähintään|yli|enemmän kuin"),
    ("fi", "after", "vasta"),
    ("sv", "within", "inom|upp till|högst|senast|före|mindre än|till"),
    ("sv", "least", "minst|från|över|mer än"),
    ("sv", "after", "efter|först efter|tidigast"),
]);

/// Phrases behind the unit.
static AFTER: Phrases = Phrases::new(&[
    ("en", "within", "at most|or less|at the latest|or fewer|maximum"),
    ("en", "least", "or more|at least|minimum|or longer|or above"),
    ("en", "after", "later"),
    ("lv", "within", "laikā|ietvaros"),
    ("lv", "least", "un vairāk|vai vairāk|un ilgāk"),
    ("de", "least", "oder mehr|oder länger"),
    ("de", "after", "später"),
    ("et", "within", "jooksul"),
    ("et", "after", "pärast"),
    ("fi", "within", "kuluessa|sisällä|mennessä"),
    ("fi", "after", "kuluttua|jälkeen"),
]);
