//! A light stemmer for Latvian, which Snowball lacks.
//!
//! Follows the published description of K. Kreslins' stemming algorithm for Latvian (Riga
//! Technical University, 1996) in the light form that Lucene's `LatvianStemmer` documents: one
//! pass over noun and adjective endings, each with the least number of vowels the word must have,
//! then undoing the palatalisation that some endings cause. The code and three additions are ours:
//!
//! * It works on the *folded* word, so that "piegāde", "piegades" and "piegādēm" share a stem
//!   whether or not the customer has a Latvian keyboard. Folding already undoes ļ/l, ņ/n, č/c,
//!   šņ/sn and the like.
//! * Infinitives ("maksāt") and the nouns made from verbs ("maksājums", "maksāšana") share the stem
//!   of the noun ("maksa"): customers ask with the verb, articles are titled with the noun.
//! * š and ž stand for s or t, z or d ("karte" -> "karšu", "adrese" -> "adrešu"): such forms give
//!   an alternative stem instead of a guess.

use super::fold::fold;

/// Stem of one lower-case Latvian word, and the other stem it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stem {
    pub(super) text: String,
    pub(super) alternative: Option<String>,
}

/// How the text that the word stands in is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// With diacritics: a plain "s" is an "s".
    Full,
    /// Without any: an "s" may be a "š".
    Plain,
}

/// Stem of `word` (lower case, NFC, letters only).
pub(super) fn stem(word: &str, spelling: Spelling) -> Stem {
    let folded = fold(word);
    if !folded.is_ascii() {
        return Stem { text: folded, alternative: None };
    }
    let soft = softened(word, &folded, spelling);
    let inflected = without_ending(&folded);
    let alternative = soft
        .and_then(|hard| {
            let kept = inflected.strip_suffix(['s', 'z'])?;
            Some(format!("{kept}{hard}"))
        })
        .map(|text| without_derivation(&text).to_owned());
    Stem { text: without_derivation(inflected).to_owned(), alternative }
}

/// Ending, and how many vowels the whole word must exceed to lose it.
struct Ending {
    text: &'static str,
    vowels: usize,
    palatalises: bool,
}

const fn plain(text: &'static str, vowels: usize) -> Ending {
    Ending { text, vowels, palatalises: false }
}

const fn soft(text: &'static str, vowels: usize) -> Ending {
    Ending { text, vowels, palatalises: true }
}

/// Longest first.
const ENDINGS: [Ending; 31] = [
    plain("ajiem", 3),
    plain("ajai", 3),
    plain("ajam", 2),
    plain("ajos", 2),
    plain("ajas", 2),
    soft("iem", 2),
    plain("aja", 2),
    plain("ais", 2),
    plain("ai", 2),
    plain("ei", 2),
    plain("am", 1),
    plain("em", 1),
    plain("im", 1),
    plain("um", 1),
    soft("us", 1),
    plain("as", 1),
    plain("es", 1),
    soft("os", 1),
    plain("ij", 1),
    plain("is", 1),
    plain("ie", 1),
    plain("at", 1),
    plain("et", 1),
    plain("it", 1),
    plain("ot", 1),
    soft("u", 1),
    soft("a", 1),
    soft("i", 1),
    plain("e", 1),
    plain("o", 1),
    plain("s", 0),
];

/// Shortest stem that an ending may leave, in letters.
const LEAST_STEM: usize = 3;

fn without_ending(word: &str) -> &str {
    let vowels = word.bytes().filter(|b| b"aeiou".contains(b)).count();
    let found = ENDINGS.iter().find(|ending| {
        vowels > ending.vowels
            && word.len() >= ending.text.len() + LEAST_STEM
            && word.ends_with(ending.text)
    });
    let Some(ending) = found else { return word };
    let stem = &word[..word.len() - ending.text.len()];
    if ending.palatalises {
        for pair in ["pj", "bj", "mj", "vj"] {
            if stem.ends_with(pair) && stem.len() > LEAST_STEM {
                return &stem[..stem.len() - 1];
            }
        }
    }
    stem
}

/// Noun-from-verb suffixes, and "-āj" of the person who does it: without the latter "lietotājs"
/// and "lietotājam" would part, since folding turns the dative into a definite adjective's ending.
fn without_derivation(stem: &str) -> &str {
    const SUFFIXES: [&str; 8] = ["ijum", "ajum", "ejum", "isan", "asan", "esan", "osan", "aj"];
    SUFFIXES
        .iter()
        .find_map(|suffix| stem.strip_suffix(suffix).filter(|kept| kept.len() >= LEAST_STEM))
        .unwrap_or(stem)
}

/// The hard consonant that the last one may stand for in a genitive plural ("-šu", "-žu") or in
/// the genitive of a second-declension noun ("-ša").
fn softened(word: &str, folded: &str, spelling: Spelling) -> Option<char> {
    let mut end = word.chars().rev();
    let (vowel, consonant) = (end.next()?, end.next()?);
    if !matches!(vowel, 'u' | 'a') || folded.len() < 5 {
        return None;
    }
    match (consonant, spelling) {
        ('š', _) => Some('t'),
        ('ž', _) => Some('d'),
        ('s', Spelling::Plain) if vowel == 'u' => Some('t'),
        ('z', Spelling::Plain) if vowel == 'u' => Some('d'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_meet(words: &str) {
        let stems: Vec<_> =
            words.split_whitespace().map(|w| (w, stem(w, Spelling::Full).text)).collect();
        assert!(stems.iter().all(|(_, s)| *s == stems[0].1), "{stems:?}");
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for words in [
            "piegāde piegādes piegādi piegādei piegādē piegādēm piegādēs",
            "piegade piegādes piegadem piegādēm",
            "klients klienta klientam klientu klientā klienti klientiem klientus klientos",
            "cena cenas cenai cenu cenā cenām cenās",
            "rēķins rēķina rēķinam rēķinu rēķini rēķiniem rekins rekinu",
            "garantija garantijas garantiju garantijai garantijā",
            "lietotājs lietotāja lietotājam lietotāju lietotāji lietotājiem",
            "pircējs pircēja pircējam pircēju pircēji pircējiem",
            "maksa maksas maksāt maksājums maksājumu maksājumiem maksāšana",
            "pasūtījums pasūtījuma pasūtīt pasutit pasūtījumiem",
            "brālis brāļa brālim brāļi",
            "akmens akmenim",
            "lētais lētajam lētā lēts lētajiem",
            "parole paroli paroles parolei",
            "termiņš termiņa termiņu termins",
        ] {
            all_meet(words);
        }
    }

    #[test]
    fn short_words_keep_their_letters() {
        for word in ["cik", "kas", "ir", "maja", "abi"] {
            let got = stem(word, Spelling::Full).text;
            assert!(got.len() >= 3.min(word.len()), "{word} -> {got}");
        }
        assert_ne!(stem("māja", Spelling::Full), stem("mala", Spelling::Full));
    }

    #[test]
    fn a_softened_genitive_has_both_stems() {
        let stems = |word, spelling| {
            let s = stem(word, spelling);
            (s.text, s.alternative)
        };
        let karte = stem("karte", Spelling::Full).text;
        assert_eq!(stems("karšu", Spelling::Full).1, Some(karte.clone()));
        assert_eq!(stems("karsu", Spelling::Plain).1, Some(karte));
        assert_eq!(stems("karsu", Spelling::Full).1, None);
        let adrese = stem("adrese", Spelling::Full).text;
        assert_eq!(stems("adrešu", Spelling::Full).0, adrese);
        let piegade = stem("piegāde", Spelling::Full).text;
        assert_eq!(stems("piegāžu", Spelling::Full).1, Some(piegade));
    }
}
