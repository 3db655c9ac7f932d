//! Person names by their cues: "my name is", titles, greetings, signatures. Without a cue a name is
//! not told from a product or a town, unless it begins with a common given name. Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::{Cue, CueHit};
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::given_names::is_given_name;

/// Words of a name at most.
const WORDS: usize = 4;

/// Capitalised words that are greeted or sign, but are no names.
const NOT_NAMES: &str = " sir madam madame team support all everyone everybody there customer customers service colleagues friends ladies gentlemen herren damen \
kundenservice kundendienst kolleginnen kollegen kunde kundin leute zusammen i we you the a an my your is it this that what how when where why who can could would please do does if \
kungs kundze klientu serviss komanda und and or but thanks thank regards not no yes hello hi hey dear mr mrs ms miss dr herr frau sir/madam to from for in on at of with about after \
ich wir sie das ist mein meine wie was wann wo warum kann bitte es mans mani ka vai kad kur kas man bonjour je mon ma le la les vous est-ce service client hola yo mi el los las \
god labdien sveiki team, monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december \
order parcel delivery refund return thx cheers best kind warm many greetings wrong missing spelled spelt misspelled misspelt incorrect nicht falsch niet verkeerd inte ikke nie mal pas fout incorrecto danke paldies merci gracias grazie english german latvian french british american spanish italian new ";

/// Ways to say one's name that leave no doubt, so that it may also be written in small letters.
const SAID: [&str; 20] = [
    "my name is",
    "my name's",
    "my full name is",
    "mani sauc",
    "ich heisse",
    "mein name ist",
    "me llamo",
    "mi chiamo",
    "nazywam sie",
    "je m'appelle",
    "mon nom est",
    "mi nombre es",
    "ik heet",
    "mijn naam is",
    "меня зовут",
    "mano vardas",
    "minu nimi on",
    "jag heter",
    "jeg heter",
    "nimeni on",
];

/// Small words inside names.
const PARTICLES: &str = " de da di do dos du del della dal degli der den het van von la las le los el al bin bint ibn abu ter ten zu of y e ";
/// Small words that a surname may begin with: "van der Berg", "al-Rashid".
const LEADING: &str = " de da di dos du del della dal degli van von al bin bint ibn abu ter ten ";
/// Those that only begin a name where somebody says it: "Monsieur le Directeur" has none.
const LEADING_SAID: &str = " la le el ";
/// Small words behind them: "van der", "de la".
const SECOND: &str = " der den dem het la las le los ";

fn is_listed(list: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    word.len() < 24 && list.split_whitespace().any(|entry| entry == word)
}

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for cue in scan.cues.all() {
        if cue.end < free_from {
            continue;
        }
        let range = match cue.cue {
            Cue::NameAfter => introduced(scan, cue),
            Cue::Title => titled(scan, cue),
            Cue::Greeting => greeted(scan, cue),
            Cue::SignOff => signed(scan, cue),
            _ => None,
        };
        if let Some(range) = range {
            free_from = range.end;
            out.push(Finding::new(range, PersonalDataKind::Person, "PERSON"));
        }
    }
    in_running_text(scan, out);
}

/// "Anna Kalnina": a common given name and one or more capitalised words behind it.
fn in_running_text(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for (index, token) in scan.tokens.iter().enumerate() {
        let given = token.capital
            && token.start >= free_from
            && scan.gap(index) == " "
            && scan.tokens.get(index + 1).is_some_and(|next| next.capital)
            && is_given_name(scan.word(index));
        let named = given.then(|| run(scan, index)).flatten();
        if let Some((range, _)) = named.filter(|(_, capitals)| *capitals >= 2) {
            free_from = range.end;
            out.push(Finding::new(range, PersonalDataKind::Person, "PERSON"));
        }
    }
}

/// The first token that starts behind `at`, when only blanks, colons and the like lie between.
fn next_token(scan: &Scan<'_>, at: usize, between: &str) -> Option<usize> {
    let index = scan.tokens.partition_point(|t| t.start < at);
    let token = scan.tokens.get(index)?;
    let gap = &scan.text[at..token.start];
    (gap.len() <= 4 && gap.chars().all(|c| between.contains(c))).then_some(index)
}

/// The first token of a name behind "my name is": quotes, brackets, marks of a quoted mail, a line break and
/// the start of an HTML element may lie between.
fn said_token(scan: &Scan<'_>, at: usize) -> Option<usize> {
    // Something like a placeholder right before the name is passed over.
    let guard = scan.protected.get(scan.protected.partition_point(|p| p.start < at));
    let glued = |end| scan.byte(end).is_some_and(|b| b.is_ascii_alphanumeric());
    let at = guard.filter(|p| p.start <= at + 2 && glued(p.end)).map_or(at, |p| p.end);
    let index = scan.tokens.partition_point(|t| t.start < at);
    let (first, next) = (scan.tokens.get(index)?, scan.tokens.get(index + 1));
    let gap = &scan.text[at..first.start];
    let between = |c: char| !c.is_alphanumeric() && !",;.!?/]@+#%&$".contains(c);
    if gap.chars().count() > 5 || !gap.chars().all(between) {
        return None;
    }
    let element = gap.ends_with('<') && first.len() <= 6 && scan.gap(index) == ">";
    if element && next.is_some() { Some(index + 1) } else { Some(index) }
}

/// Whether this is the letter of "O'Brien", "D'Angelo", "N'Golo" or "M'Baye".
fn is_elided(scan: &Scan<'_>, index: usize) -> bool {
    scan.gap(index) == "'"
        && matches!(scan.word(index), "O" | "o" | "D" | "d" | "N" | "n" | "M" | "m")
        && scan.tokens.get(index + 1).is_some_and(|next| next.is_word() && next.letters > 1)
}

/// The first token behind the small words that a surname at `first` begins with.
fn past_particles(scan: &Scan<'_>, first: usize, lists: &[&str]) -> usize {
    let small = |index: usize, lists: &[&str]| {
        matches!(scan.gap(index), " " | "-")
            && lists.iter().any(|list| is_listed(list, scan.word(index)))
    };
    match small(first, lists) {
        false => first,
        true => first + 1 + usize::from(small(first + 1, &[SECOND])),
    }
}

/// As [`run`], with small words before: "von der Leyen".
fn led_run(scan: &Scan<'_>, first: usize, lists: &[&str]) -> Option<(Range<usize>, usize)> {
    let from = past_particles(scan, first, lists);
    let led = (from > first).then(|| run(scan, from)).flatten();
    let (range, capitals) = led.or_else(|| run(scan, first))?;
    Some((scan.tokens[first].start..range.end, capitals))
}

/// Capitalised words from `first` on, with initials, particles, hyphens and apostrophes; the end and
/// how many of them are capitalised, the letter of "O'Brien" not counted.
fn run(scan: &Scan<'_>, first: usize) -> Option<(Range<usize>, usize)> {
    let (mut last, mut capitals) = (None, 0);
    for index in first..scan.tokens.len().min(first + WORDS + 3) {
        let token = scan.tokens[index];
        let word = scan.word(index);
        if index > first && !matches!(scan.gap(index - 1), " " | "  " | "-" | "'" | ". " | ".") {
            break;
        }
        if index > first
            && scan.gap(index - 1).starts_with('.')
            && scan.tokens[index - 1].letters > 2
        {
            break;
        }
        if capitals == WORDS {
            break;
        }
        if is_elided(scan, index) {
            continue;
        }
        // "O'brien", "Sean o'brien", "Anne-marie".
        let surname = |letter: usize| {
            is_elided(scan, letter)
                && (scan.tokens[letter].capital || capitals > 0 && scan.word(letter) == "o")
        };
        let goes_on = index > first
            && (surname(index - 1)
                || scan.gap(index - 1) == "-" && capitals > 0 && is_given_name(word));
        let name = token.is_word() && (goes_on || token.capital && !is_listed(NOT_NAMES, word));
        let particle = capitals > 0 && token.is_word() && is_listed(PARTICLES, word);
        if !name && !particle {
            break;
        }
        if name {
            capitals += 1;
            last = Some(index);
        }
    }
    let last = last?;
    let initial = scan.tokens[last].letters == 1 && scan.byte(scan.tokens[last].end) == Some(b'.');
    Some((scan.tokens[first].start..scan.tokens[last].end + usize::from(initial), capitals))
}

/// "My name is Anna Berzina", "name: anna berzina".
fn introduced(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let said = scan.text[cue.start..cue.end].to_lowercase();
    let sure = SAID.contains(&said.as_str());
    let first = match sure {
        true => said_token(scan, cue.end)?,
        false => next_token(scan, cue.end, " :\t\"'*")?,
    };
    // "I am", "ich bin", "soy": much else may follow, so two names or an end of the phrase.
    let weak =
        ["i am", "i'm", "ich bin", "je suis", "esmu", "soy", "sono", "this is", "talking to"]
            .contains(&said.as_str());
    let named = match sure || said.ends_with(':') || said == "name is" {
        true => led_run(scan, first, &[LEADING, LEADING_SAID]),
        false => run(scan, first),
    };
    if let Some((range, capitals)) = named {
        let after = &scan.text[range.end..];
        let closed = after.is_empty()
            || after.starts_with([',', '.', '!', '\n'])
            || after.starts_with(" and ")
            || after.starts_with(" from ");
        let elided = is_elided(scan, first);
        let telling = scan.tokens[first].letters > 1 || elided;
        let alone = is_given_name(scan.word(first)) || elided && scan.tokens[first].capital;
        let named = !weak || capitals >= 2 || closed && alone;
        return (telling && named).then_some(range);
    }
    if !sure {
        return None;
    }
    // A second name ends the phrase: at a mark, at the end, or before "and".
    let ends = |index: &usize| {
        let and = ["and", "und", "un", "et", "y", "en", "i", "ir", "ja", "och", "и"];
        let after = scan.tokens.get(*index).map_or("", |t| scan.text[t.end..].trim_start());
        after.is_empty()
            || after.starts_with([',', '.', '!'])
            || and.contains(&scan.word(index + 1))
    };
    let one = small_name(scan, first)?;
    let two = (scan.gap(one) == " ").then(|| small_name(scan, one + 1)).flatten().filter(ends);
    Some(scan.tokens[first].start..scan.tokens[two.unwrap_or(one)].end)
}

/// The last token of one name in small letters: "anna", "anne-marie", "o'brien", "van der berg".
fn small_name(scan: &Scan<'_>, first: usize) -> Option<usize> {
    let plain = |index: usize| {
        scan.tokens.get(index).is_some_and(|t| t.is_word() && t.letters > 1)
            && !is_listed(NOT_NAMES, scan.word(index))
    };
    let from = past_particles(scan, first, &[LEADING, LEADING_SAID]);
    let past_letter = |index: usize| index + usize::from(is_elided(scan, index));
    // "my name is al, ...": the small word may be all there is.
    let one = [from, first].into_iter().map(past_letter).find(|index| plain(*index))?;
    let joined = scan.gap(one) == "-" && plain(one + 1);
    Some(one + usize::from(joined))
}

/// "Mr. Ozols", "Sehr geehrte Frau Dr. Meier".
fn titled(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let title = &scan.text[cue.start..cue.end];
    let index = scan.tokens.partition_point(|t| t.start < cue.start);
    let capital = scan.tokens.get(index).is_some_and(|t| t.capital);
    // In Latvian the title follows the name: "Berzina kungs".
    if matches!(title.to_lowercase().as_str(), "kungs" | "kundze" | "k-gs" | "k-dze") {
        let before = index.checked_sub(1).filter(|i| scan.gap(*i) == " ")?;
        let named = scan.tokens[before].capital && !is_listed(NOT_NAMES, scan.word(before));
        return named.then(|| scan.tokens[before].range());
    }
    let first = next_token(scan, cue.end, " .\u{a0}")?;
    let short = matches!(
        title.to_lowercase().as_str(),
        "fr" | "hr"
            | "sr"
            | "don"
            | "sig"
            | "pan"
            | "miss"
            | "prof"
            | "dr"
            | "ms"
            | "caro"
            | "sir"
            | "madam"
            | "dona"
    );
    if !capital && short {
        return lower_titled(scan, first);
    }
    let (range, _) = led_run(scan, first, &[LEADING])?;
    capital.then_some(range)
}

/// "mr. ozols", "dr. o'neill": with a full stop.
fn lower_titled(scan: &Scan<'_>, first: usize) -> Option<Range<usize>> {
    let start = scan.tokens.get(first)?.start;
    let stopped = scan.text[..start].trim_end().ends_with('.');
    let name = first + usize::from(is_elided(scan, first));
    let token = scan.tokens.get(name)?;
    let named = token.is_word() && token.letters > 2 && !is_listed(NOT_NAMES, scan.word(name));
    (stopped && named).then_some(start..token.end)
}

/// "Dear Anna,", "Sveiki, Jani!": a name right behind, then an end of the phrase.
fn greeted(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let first = next_token(scan, cue.end, " ,")?;
    let (range, capitals) = run(scan, first)?;
    let after = &scan.text[range.end..];
    let closed = after.is_empty()
        || after.starts_with([',', '!', '\n', '.', ':'])
        || after.starts_with(" -");
    let surname = || is_elided(scan, first) && scan.tokens[first + 1].capital;
    let telling = scan.tokens[first].letters > 1 || surname();
    (closed && capitals <= 3 && telling).then_some(range)
}

/// "Best regards,\nAnna Berzina" at the end of the text or of its line.
fn signed(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let rest = &scan.text[cue.end..];
    let line = rest
        .bytes()
        .take(4)
        .take_while(|b| matches!(b, b',' | b'!' | b'.' | b' ' | b'\n' | b'\r'))
        .count();
    let first = next_token(scan, cue.end + line, " \n-")?;
    let (range, capitals) = run(scan, first)?;
    let ends = scan.text[range.end..].starts_with('\n') || scan.text[range.end..].trim().len() <= 1;
    (ends && capitals <= 3 && line > 0).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::cues::CueFinder;
    use crate::privacy::merge::merge;
    use crate::privacy::normalize::View;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let scan = Scan::new(&view, &CueFinder::new().unwrap());
        let mut out = Vec::new();
        find(&scan, &mut out);
        merge(out).into_iter().map(|f| text[view.original(f.range)].to_owned()).collect()
    }

    #[test]
    fn names_are_found_by_their_cues_in_many_languages() {
        for (text, name) in [
            ("My name is Anna Bērziņa and I ordered", "Anna Bērziņa"),
            ("my name is anna, where is it", "anna"),
            ("my name is anna ozola and it broke", "anna ozola"),
            ("Mani sauc Jānis Ozols.", "Jānis Ozols"),
            ("Sehr geehrte Frau Müller, wo ist", "Müller"),
            ("Ich heiße Max Mustermann", "Max Mustermann"),
            ("Je m'appelle Jean-Luc Dupont.", "Jean-Luc Dupont"),
            ("меня зовут Иван Петров", "Иван Петров"),
            ("it broke. Best regards,\nTom O'Neil", "Tom O'Neil"),
            ("Dear Anna,\nthanks", "Anna"),
            ("Labdien, Ozola kungs!", "Ozola"),
            ("the parcel of my friend Anna Kalniņa is lost", "Anna Kalniņa"),
            ("Hi, I'm Anna, where is my tent", "Anna"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn names_with_apostrophes_hyphens_and_small_words_are_found_whole() {
        for (text, name) in [
            ("My name is O'Brien.", "O'Brien"),
            ("My name is O\u{2019}Brien.", "O\u{2019}Brien"),
            ("my name is o'brien", "o'brien"),
            ("My name is O'brien, hello", "O'brien"),
            ("my name is sean o'brien", "sean o'brien"),
            ("my name is sean o\u{2019}brien, hello", "sean o\u{2019}brien"),
            ("My name is Sean Patrick Michael O'Brien", "Sean Patrick Michael O'Brien"),
            ("Hi, I'm O'Brien, where is my tent", "O'Brien"),
            ("Dear O'Brien,\nthanks", "O'Brien"),
            ("Mr. O'Brien", "O'Brien"),
            ("please ask dr. o'neill", "o'neill"),
            ("My name is Sean o'brien.", "Sean o'brien"),
            ("his name is van der Berg", "van der Berg"),
            ("Ich heiße D'Angelo", "D'Angelo"),
            ("Je m'appelle N'Golo Kanté", "N'Golo Kanté"),
            ("Je m\u{2019}appelle N\u{2019}Golo Kanté", "N\u{2019}Golo Kanté"),
            ("Je m'appelle Jeanne d'Arc.", "Jeanne d'Arc"),
            ("Mi chiamo Anna Dell'Acqua", "Anna Dell'Acqua"),
            ("my name is van der Berg", "van der Berg"),
            ("my name is van der berg and my tent leaks", "van der berg"),
            ("Mijn naam is de Vries.", "de Vries"),
            ("Mein Name ist von der Leyen", "von der Leyen"),
            ("Sehr geehrte Frau von der Leyen, wo ist", "von der Leyen"),
            ("Me llamo María de la Cruz", "María de la Cruz"),
            ("me llamo maria de la cruz", "maria de la cruz"),
            ("name: de la Cruz", "de la Cruz"),
            ("My name is El Fadil", "El Fadil"),
            ("My name is el Fadil", "el Fadil"),
            ("My name is Mohammed bin Salman", "Mohammed bin Salman"),
            ("My name is al-Rashid", "al-Rashid"),
            ("my name is al and my tent leaks", "al"),
            ("My name is Anne-Marie", "Anne-Marie"),
            ("My name is Anne-marie", "Anne-marie"),
            ("my name is anne-marie", "anne-marie"),
            ("my name is anne-marie o'neill, hello", "anne-marie o'neill"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn greetings_and_introductions_without_names_stay_whole() {
        for text in [
            "my name is on the list",
            "my name is not shown",
            "my name is spelled wrong on the label",
            "Mein Name ist nicht zu sehen",
            "mon nom est mal écrit",
            "Ich heiße Sie willkommen",
            "Je suis d'accord",
            "Je suis d'Angers.",
            "Bonjour, d'accord.",
            "Bonjour, D'accord.",
            "Soy de Buenos Aires",
            "Ich bin von Amazon Prime",
            "Monsieur le Directeur, bonjour",
            "der Herr der Ringe",
            "Dear Team,",
            "Hello! Where is my order",
            "I am Latvian",
            "I'm looking for a tent",
            "Hi there,",
            "thanks",
            "Dear Sir or Madam,",
            "Ich bin Kunde bei euch",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }
}
