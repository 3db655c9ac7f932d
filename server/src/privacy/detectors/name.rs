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
order parcel delivery refund return thx cheers best kind warm many greetings danke paldies merci gracias grazie english german latvian french british american spanish italian new ";

/// Ways to say one's name that leave no doubt, so that it may also be written in small letters.
const SAID: [&str; 16] = [
    "my name is",
    "my name's",
    "mani sauc",
    "ich heisse",
    "mein name ist",
    "me llamo",
    "mi chiamo",
    "nazywam sie",
    "je m'appelle",
    "ik heet",
    "меня зовут",
    "mano vardas",
    "minu nimi on",
    "jag heter",
    "jeg heter",
    "nimeni on",
];

/// Small words inside names.
const PARTICLES: &str =
    " de da di do dos del della der den van von la le el al bin ibn ter ten zu of y e ";

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

/// Capitalised words from `first` on, with initials, particles, hyphens and apostrophes; the end and
/// how many of them are capitalised.
fn run(scan: &Scan<'_>, first: usize) -> Option<(Range<usize>, usize)> {
    let (mut last, mut capitals) = (None, 0);
    for index in first..scan.tokens.len().min(first + WORDS + 2) {
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
        let name = token.is_word() && token.capital && !is_listed(NOT_NAMES, word);
        let particle = capitals > 0 && token.is_word() && is_listed(PARTICLES, word);
        if !name && !particle || capitals == WORDS {
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
    let first = match SAID.contains(&said.as_str()) {
        true => said_token(scan, cue.end)?,
        false => next_token(scan, cue.end, " :\t\"'*")?,
    };
    // "I am", "ich bin", "soy": much else may follow, so two names or an end of the phrase.
    let weak =
        ["i am", "i'm", "ich bin", "je suis", "esmu", "soy", "sono", "this is", "talking to"]
            .contains(&said.as_str());
    if let Some((range, capitals)) = run(scan, first) {
        let after = &scan.text[range.end..];
        let closed = after.is_empty()
            || after.starts_with([',', '.', '!', '\n'])
            || after.starts_with(" and ")
            || after.starts_with(" from ");
        let telling = scan.tokens[first].letters > 1;
        let named = !weak || capitals >= 2 || closed && is_given_name(scan.word(first));
        return (telling && named).then_some(range);
    }
    if !SAID.contains(&said.as_str()) {
        return None;
    }
    let plain = |index: usize| {
        scan.tokens.get(index).is_some_and(|t| t.is_word() && t.letters > 1)
            && !is_listed(NOT_NAMES, scan.word(index))
    };
    // A second name ends the phrase: at a mark, at the end, or before "and".
    let two = plain(first) && plain(first + 1) && scan.gap(first) == " ";
    let ends = |index: usize| {
        let and = ["and", "und", "un", "et", "y", "en", "i", "ir", "ja", "och", "и"];
        let after = scan.tokens.get(index).map_or("", |t| scan.text[t.end..].trim_start());
        after.is_empty()
            || after.starts_with([',', '.', '!'])
            || and.contains(&scan.word(index + 1))
    };
    let last = if two && ends(first + 1) { first + 1 } else { first };
    plain(first).then(|| scan.tokens[first].start..scan.tokens[last].end)
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
    let (range, _) = run(scan, first)?;
    capital.then_some(range)
}

/// "mr. ozols", "dr. gregory": with a full stop.
fn lower_titled(scan: &Scan<'_>, first: usize) -> Option<Range<usize>> {
    let token = scan.tokens.get(first)?;
    let stopped = scan.text[..token.start].trim_end().ends_with('.');
    let named = token.is_word() && token.letters > 2 && !is_listed(NOT_NAMES, scan.word(first));
    (stopped && named).then(|| token.range())
}

/// "Dear Anna,", "Sveiki, Jani!": a name right behind, then an end of the phrase.
fn greeted(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let first = next_token(scan, cue.end, " ,")?;
    let (range, capitals) = run(scan, first)?;
    let after = &scan.text[range.end..];
    let closed = after.is_empty()
        || after.starts_with([',', '!', '\n', '.', ':'])
        || after.starts_with(" -");
    (closed && capitals <= 3 && scan.tokens[first].letters > 1).then_some(range)
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
    fn greetings_and_introductions_without_names_stay_whole() {
        for text in [
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
