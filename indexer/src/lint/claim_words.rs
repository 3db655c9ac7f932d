//! The words by which `claims` tells what a sentence is about from how it is put.
//!
//! Lists of our own for English, German and Latvian; in other languages no claims are read. A word
//! that is missing here costs a finding that could have been made; a word too many makes two facts
//! look like one. So only words that say nothing of subject or circumstances are listed.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::language::Analyzer;
use crate::model::Locale;

/// The lists of one language. Stems and folded words are made by the analyser of that language.
pub(super) struct ClaimWords {
    /// Stems that do not change what a fact is about.
    pub(super) generic: HashSet<String>,
    /// Stems that say nothing in titles and headings alone.
    pub(super) headline: HashSet<String>,
    /// Stems of the moment when goods arrive.
    pub(super) received: HashSet<String>,
    /// Folded participles: "not used" is "unused", which is generic.
    pub(super) used: HashSet<String>,
    pub(super) negations: HashSet<String>,
    /// Folded words shortly before a number that make it the least.
    pub(super) least: HashSet<String>,
    /// "60 euros or *more*".
    pub(super) more: HashSet<String>,
    pub(super) duties: HashSet<String>,
    /// Folded words in place of a noun that stands elsewhere.
    pub(super) pronouns: HashSet<String>,
    /// "30 days *after*".
    pub(super) after: HashSet<String>,
    /// What may stand around such a word without meaning.
    pub(super) fillers: HashSet<String>,
    /// Folded words that open a further clause.
    pub(super) clauses: HashSet<String>,
    /// Folded conjunctions.
    pub(super) joints: HashSet<String>,
    /// Stem of a unit: what it measures, and how much of that.
    pub(super) units: HashMap<String, (&'static str, f64)>,
    /// First stems of "working day".
    pub(super) working: HashSet<String>,
}

/// The lists of a language (ISO 639-1).
pub(super) fn of(language: &str) -> Option<&'static ClaimWords> {
    static ALL: LazyLock<HashMap<&'static str, ClaimWords>> = LazyLock::new(|| {
        let read = |raw: &Raw| Some((raw.language, raw.read(&Locale::parse(raw.language)?)));
        LANGUAGES.iter().filter_map(read).collect()
    });
    ALL.get(language)
}

struct Raw {
    language: &'static str,
    generic: &'static str,
    headline: &'static str,
    received: &'static str,
    used: &'static str,
    negations: &'static str,
    least: &'static str,
    more: &'static str,
    duties: &'static str,
    pronouns: &'static str,
    after: &'static str,
    fillers: &'static str,
    clauses: &'static str,
    joints: &'static str,
    working: &'static str,
    /// Minute, hour, day, week, month, year, working day.
    times: [&'static str; 7],
}

/// Hours for the short ones, months for the long ones, which have no fixed number of days.
const TIMES: [(&str, f64); 7] = [
    ("hours", 1.0 / 60.0),
    ("hours", 1.0),
    ("hours", 24.0),
    ("hours", 168.0),
    ("months", 1.0),
    ("months", 12.0),
    (WORKING_DAYS, 1.0),
];

/// A unit of its own: how many days they are depends on the week.
pub(super) const WORKING_DAYS: &str = "working days";

impl Raw {
    fn read(&self, locale: &Locale) -> ClaimWords {
        let analyzer = Analyzer::new(locale);
        let stems = |words: &str| -> HashSet<String> {
            analyzer.terms(words).into_iter().map(|t| t.text).collect()
        };
        let folded = |words: &str| -> HashSet<String> {
            analyzer.folded(words).into_iter().map(|t| t.text).collect()
        };
        let mut units: HashMap<String, (&'static str, f64)> = HashMap::new();
        for (word, unit) in self.times.iter().zip(TIMES) {
            units.extend(stems(word).into_iter().map(|stem| (stem, unit)));
        }
        units.extend(stems("g").into_iter().map(|stem| (stem, ("grams", 1.0))));
        units.extend(stems("kg").into_iter().map(|stem| (stem, ("grams", 1000.0))));
        ClaimWords {
            generic: stems(self.generic),
            headline: stems(self.headline),
            received: stems(self.received),
            used: folded(self.used),
            negations: folded(self.negations),
            least: folded(self.least),
            more: folded(self.more),
            duties: folded(self.duties),
            pronouns: folded(self.pronouns),
            after: folded(self.after),
            fillers: folded(self.fillers),
            clauses: folded(self.clauses),
            joints: folded(self.joints),
            working: stems(self.working),
            units,
        }
    }
}

const LANGUAGES: [Raw; 3] = [
    Raw {
        language: "en",
        generic: "item items product products goods thing things anything everything something \
            article almost nearly practically most everyone anyone someone customer customers buyer \
            consumer shopper order purchase accept make made period window time deadline limit term \
            possible possibly usual usually normal normally general generally standard simple simply \
            always currently still unused unworn original condition tag tags packaging attached day \
            within apply applies last maximum minimum total calendar back us want wish long following \
            charge",
        headline: "policy policies terms faq question questions answer answers guide overview basics \
            quick short help information info rule rules new much many mean work definition \
            definitions fact facts glance summary important frequently asked get need know",
        received: "delivery delivered receive received receipt receiving arrival arrives arrived",
        used: "used worn",
        negations: "not no cannot can't won't don't doesn't isn't aren't hasn't never without nor \
            neither",
        least: "least minimum over than after beyond from above exceeding",
        more: "more above over longer",
        duties: "must need needs required",
        pronouns: "it they this that these those them",
        after: "of from after since following",
        fillers: "the your you its a date day of we they have has",
        clauses: "if unless when as provided",
        joints: "and or",
        working: "working business",
        times: ["minute", "hour", "day", "week", "month", "year", ""],
    },
    Raw {
        language: "de",
        generic: "artikel produkt produkte ware waren sache sachen alles fast nahezu beinahe meist \
            meisten jeder jede kunde kunden kundinnen käufer verbraucher frist zeitraum dauer zeit \
            möglich üblich normal normalerweise allgemein generell grundsätzlich gilt gelten beträgt \
            dauert endet innerhalb binnen unbenutzt ungetragen ungebraucht original zustand etikett \
            etiketten verpackung tag insgesamt höchstens maximal noch dran solange sofern lang uns \
            zurück bestellung bestellungen kauf einkauf",
        headline: "richtlinie bedingung bedingungen frage fragen antwort antworten überblick hilfe \
            regel regeln agb begriff begriffe funktioniert wichtig häufige",
        received: "lieferung erhalt zustellung empfang",
        used: "benutzt getragen gebraucht",
        negations: "nicht kein keine keinen keiner keinem nie ohne weder",
        least: "mindestens ab über als nach",
        more: "mehr länger",
        duties: "muss müssen musst müsst",
        pronouns: "es er dies diese dieser dieses ihn",
        after: "nach ab seit",
        fillers: "der dem die das ihrer deiner eines",
        clauses: "wenn falls solange sofern",
        joints: "und oder",
        working: "",
        times: ["minute", "stunde", "tag", "woche", "monat", "jahr", "arbeitstag werktag"],
    },
    Raw {
        language: "lv",
        generic: "prece preces preci preču produkts produkti lieta lietas gandrīz viss visu visas \
            klients klienti pircējs pircēji patērētājs termiņš periods laiks laikā iespējams parasti \
            vispārīgi nelietots nelietota nelietotu nelietotas neizmantots neizmantota neizmantotu \
            neizmantotas oriģināls oriģināla stāvoklis etiķete birka birkas iepakojums diena maksimāli \
            ilgs ilgi ilgst mums atpakaļ pasūtījums pasūtījumu pirkums pirkumu pieņemam",
        headline: "noteikumi noteikumiem politika jautājums jautājumi atbilde atbildes palīdzība \
            definīcijas definīcija svarīgi biežāk",
        received: "piegādes saņemšanas",
        used: "lietots lietota lietotas lietoti izmantots izmantota valkāta",
        negations: "nav nevar nedrīkst nevarat bez nekad ne",
        least: "vismaz virs vairāk pēc nekā no",
        more: "vairāk ilgāk",
        duties: "vajag obligāti",
        pronouns: "tas tā tie tās šis šī šie šo to tos",
        after: "pēc no kopš",
        fillers: "laikā jūsu tās tā preces dienas",
        clauses: "ja",
        joints: "un vai",
        working: "darba",
        times: ["minūte", "stunda", "diena", "nedēļa", "mēnesis", "gads", ""],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_by_their_stems() {
        for (language, words) in
            [("en", "day days"), ("de", "Tag Tage Tagen"), ("lv", "diena dienas dienu dienām")]
        {
            let lists = of(language).unwrap();
            let analyzer = Analyzer::new(&Locale::parse(language).unwrap());
            for term in analyzer.terms(words) {
                assert_eq!(lists.units.get(&term.text), Some(&("hours", 24.0)), "{}", term.text);
            }
        }
        assert!(of("fr").is_none());
    }
}
