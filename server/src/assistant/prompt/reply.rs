//! Language and tone of the reply, said in that language.
//!
//! Called when the private end of a prompt is rendered: the last words before the answer are in the
//! answer's language, which small models follow better than any rule in English.

use indexer::model::Locale;
use serde::{Deserialize, Serialize};

/// How customers are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// "Sie", "vous", "jūs".
    #[default]
    Formal,
    /// "du", "tu", "tu".
    Informal,
}

/// The last line of a prompt. English for a language that has no line here, with its code.
pub(super) fn instruction(locale: &Locale, tone: Tone) -> String {
    let found = LINES.iter().find(|(language, ..)| *language == locale.language());
    match (found, tone) {
        (Some((_, formal, _)), Tone::Formal) => (*formal).to_owned(),
        (Some((_, _, informal)), Tone::Informal) => (*informal).to_owned(),
        (None, _) => format!("Answer in the language with the code \"{}\".", locale.language()),
    }
}

const LINES: &[(&str, &str, &str)] = &[
    (
        "en",
        "Answer in English, politely and plainly.",
        "Answer in English, in a friendly and plain way.",
    ),
    (
        "lv",
        "Atbildi latviešu valodā, uzrunā klientu ar \"jūs\".",
        "Atbildi latviešu valodā, uzrunā klientu ar \"tu\".",
    ),
    (
        "de",
        "Antworte auf Deutsch und sieze den Kunden.",
        "Antworte auf Deutsch und duze den Kunden.",
    ),
    ("fr", "Réponds en français et vouvoie le client.", "Réponds en français et tutoie le client."),
    (
        "es",
        "Responde en español y trata al cliente de usted.",
        "Responde en español y tutea al cliente.",
    ),
    (
        "it",
        "Rispondi in italiano e dai del Lei al cliente.",
        "Rispondi in italiano e dai del tu al cliente.",
    ),
    (
        "pt",
        "Responde em português, com tratamento formal.",
        "Responde em português, com tratamento informal.",
    ),
    (
        "nl",
        "Antwoord in het Nederlands en spreek de klant met u aan.",
        "Antwoord in het Nederlands en spreek de klant met je aan.",
    ),
    (
        "pl",
        "Odpowiedz po polsku, zwracaj się do klienta per Pan/Pani.",
        "Odpowiedz po polsku, zwracaj się do klienta na ty.",
    ),
    (
        "ru",
        "Ответь по-русски, обращайся к клиенту на «вы».",
        "Ответь по-русски, обращайся к клиенту на «ты».",
    ),
    (
        "uk",
        "Відповідай українською, звертайся до клієнта на «ви».",
        "Відповідай українською, звертайся до клієнта на «ти».",
    ),
    (
        "lt",
        "Atsakyk lietuviškai, kreipkis į klientą „jūs“.",
        "Atsakyk lietuviškai, kreipkis į klientą „tu“.",
    ),
    ("et", "Vasta eesti keeles ja teieta klienti.", "Vasta eesti keeles ja sinata klienti."),
    ("fi", "Vastaa suomeksi ja teitittele asiakasta.", "Vastaa suomeksi ja sinuttele asiakasta."),
    ("sv", "Svara på svenska, artigt och enkelt.", "Svara på svenska, vänligt och enkelt."),
    ("da", "Svar på dansk, høfligt og enkelt.", "Svar på dansk, venligt og enkelt."),
    ("nb", "Svar på norsk, høflig og enkelt.", "Svar på norsk, vennlig og enkelt."),
    ("cs", "Odpověz česky a vykej zákazníkovi.", "Odpověz česky a tykej zákazníkovi."),
];
