//! A message as the detectors read it: lower-case words without diacritics, and where clauses and
//! sentences begin. Used by `lexicon` (its entries are cut alike) and by every detector.
//!
//! English contractions stay one word ("don't" is "dont"), other apostrophes part words ("l'agent").
//! Placeholders of personal data are expected to be gone already.

use indexer::language::fold;

use super::bits::Bits;

/// Words after which a message is cut: nobody reads further, and time stays bounded.
const MOST: usize = 4_000;

pub(super) struct Words {
    pub(super) words: Vec<String>,
    /// Places where a sentence begins, the end of the message included.
    pub(super) sentences: Bits,
    /// Places where a clause begins (behind a comma, too), the end of the message included.
    pub(super) clauses: Bits,
}

impl Words {
    pub(super) fn of(message: &str) -> Self {
        let text = fold(&message.to_lowercase());
        let (mut words, mut sentences, mut clauses) = (Vec::new(), vec![0], vec![0]);
        let mut word = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c.is_alphanumeric() {
                word.push(c);
                continue;
            }
            if is_apostrophe(c) && !word.is_empty() && joins(&word, &rest) {
                continue;
            }
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
                if words.len() == MOST {
                    break;
                }
            }
            match c {
                // A point inside a word ("e.g", "3.5") ends no sentence.
                '.' if rest.peek().is_some_and(|next| next.is_alphanumeric()) => {}
                '.' | '!' | '?' | ';' | '\n' | '¿' | '¡' | '…' => sentences.push(words.len()),
                ',' | ':' | '(' | ')' | '–' | '—' => clauses.push(words.len()),
                _ => {}
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        let mut marks = Bits::empty(words.len() + 1);
        sentences.push(words.len());
        sentences.into_iter().for_each(|at| marks.set(at));
        let mut all = marks.clone();
        clauses.into_iter().for_each(|at| all.set(at));
        Self { words, sentences: marks, clauses: all }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | 'ʼ')
}

/// Whether an apostrophe behind `word` and before `rest` is part of one word: an English ending or a
/// Ukrainian hard sign.
fn joins(word: &str, rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let after: String = rest.clone().take(3).take_while(|c| c.is_alphanumeric()).collect();
    let cyrillic = |c: char| ('\u{400}'..='\u{4ff}').contains(&c);
    matches!(after.as_str(), "t" | "s" | "d" | "m" | "ll" | "re" | "ve")
        || word.chars().next_back().is_some_and(cyrillic)
            && after.chars().next().is_some_and(cyrillic)
}

/// What Russian and Ukrainian words and their many spellings in Latin letters have in common:
/// "хочу", "hochu", "khochu" and "xochu" are all "hocu".
pub(super) fn skeleton(word: &str) -> String {
    // Longest first; what is replaced is not looked at again.
    const LATIN: &[(&str, &str)] = &[
        ("shch", "s"),
        ("sch", "s"),
        ("sh", "s"),
        ("ch", "c"),
        ("zh", "z"),
        ("kh", "h"),
        ("ts", "c"),
        ("ya", "a"),
        ("ja", "a"),
        ("yu", "u"),
        ("ju", "u"),
        ("ye", "e"),
        ("je", "e"),
        ("yo", "e"),
        ("jo", "e"),
        ("y", "i"),
        ("j", "i"),
        ("w", "v"),
        ("x", "h"),
        ("q", "k"),
        ("4", "c"),
    ];
    let mut out = String::with_capacity(word.len());
    let mut push = |c: char| {
        if !out.ends_with(c) {
            out.push(c);
        }
    };
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some((from, to)) = LATIN.iter().find(|(from, _)| rest.starts_with(from)) {
            to.chars().for_each(&mut push);
            rest = &rest[from.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let plain = match c {
            'а' | 'я' => 'a',
            'б' => 'b',
            'в' => 'v',
            'г' | 'ґ' => 'g',
            'д' => 'd',
            'е' | 'э' | 'є' | 'ё' => 'e',
            'ж' | 'з' => 'z',
            'и' | 'й' | 'ы' | 'і' | 'ї' => 'i',
            'к' => 'k',
            'л' => 'l',
            'м' => 'm',
            'н' => 'n',
            'о' => 'o',
            'п' => 'p',
            'р' => 'r',
            'с' if rest.starts_with('ч') => {
                rest = &rest['ч'.len_utf8()..];
                's'
            }
            'с' | 'ш' | 'щ' => 's',
            'т' if rest.starts_with('с') => {
                rest = &rest['с'.len_utf8()..];
                'c'
            }
            'т' if rest.starts_with("ьс") => {
                rest = &rest["ьс".len()..];
                'c'
            }
            'т' => 't',
            'у' | 'ю' => 'u',
            'ф' => 'f',
            'х' => 'h',
            'ц' | 'ч' => 'c',
            'ь' | 'ъ' => continue,
            other => other,
        };
        push(plain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contractions_stay_whole_and_articles_are_parted() {
        let words = Words::of("I don’t want l'agent, з'єднайте!").words;
        assert_eq!(words, ["i", "dont", "want", "l", "agent", "зєднайте"]);
    }

    #[test]
    fn sentences_and_clauses_begin_where_the_marks_say() {
        let words = Words::of("Hi, a b. C 3.5 d");
        let at = |bits: &Bits| (0..=words.len()).filter(|p| bits.get(*p)).collect::<Vec<_>>();
        assert_eq!(at(&words.sentences), [0, 3, 7]);
        assert_eq!(at(&words.clauses), [0, 1, 3, 7]);
    }

    #[test]
    fn russian_in_latin_letters_meets_its_own_spelling() {
        for (cyrillic, latin) in [
            ("хочу", &["hochu", "khochu", "xochu"][..]),
            ("человек", &["chelovek", "4elovek"]),
            ("пожалуйста", &["pozhaluysta", "pozhalujsta"]),
            ("связаться", &["svyazatsya", "svjazatsja"]),
            ("живой", &["zhivoy", "zhivoj", "zhivoi"]),
        ] {
            for spelling in latin {
                assert_eq!(skeleton(cyrillic), skeleton(spelling), "{spelling}");
            }
        }
    }
}
