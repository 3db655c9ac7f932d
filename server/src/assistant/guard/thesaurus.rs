//! Words of support that mean the same, and words that say next to nothing, by language.
//!
//! Called when a sentence's words are compared with those of passages. Data: groups of words are
//! stemmed once by the analyzer of their language. A group is a claim that exchanging its words leaves
//! a help-center sentence true; when in doubt a word is not here.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use indexer::language::Analyzer;
use indexer::model::Locale;

use super::text::fold;

/// What is known of one language's words.
#[derive(Default)]
pub(super) struct Thesaurus {
    groups: HashMap<String, Vec<String>>,
    light: HashSet<String>,
}

impl Thesaurus {
    /// That of `language`; an empty one where there is none.
    pub(super) fn of(language: &str) -> &'static Self {
        ALL.get(language).unwrap_or(&EMPTY)
    }

    /// Stems that mean the same as `stem`.
    pub(super) fn others(&self, stem: &str) -> &[String] {
        self.groups.get(stem).map_or(&[], Vec::as_slice)
    }

    /// Whether `stem` says so little that a sentence needs no proof of it.
    pub(super) fn is_light(&self, stem: &str) -> bool {
        self.light.contains(stem)
    }
}

/// Whether a word with these meanings of the lexicon names something of its own. A word that the lexicon does
/// not have is none that could be told: it may be any form of one that is said.
pub(super) fn is_subject(concepts: &[&str]) -> bool {
    static GENERAL: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| GENERAL_MEANINGS.split(';').map(str::trim).collect());
    !concepts.is_empty() && !concepts.iter().any(|concept| GENERAL.contains(concept))
}

static EMPTY: LazyLock<Thesaurus> = LazyLock::new(Thesaurus::default);

static ALL: LazyLock<HashMap<&'static str, Thesaurus>> = LazyLock::new(|| {
    let mut out: HashMap<&'static str, Thesaurus> = HashMap::new();
    for (language, groups) in GROUPS {
        let Some(locale) = Locale::parse(language) else { continue };
        let analyzer = Analyzer::new(&locale);
        let entry = out.entry(language).or_default();
        for group in groups.split('|') {
            let stems: Vec<String> = stems(&analyzer, group);
            for stem in &stems {
                let list = entry.groups.entry(stem.clone()).or_default();
                list.extend(stems.iter().filter(|s| *s != stem).cloned());
            }
        }
    }
    for (language, words) in LIGHT {
        let Some(locale) = Locale::parse(language) else { continue };
        let analyzer = Analyzer::new(&locale);
        out.entry(language).or_default().light.extend(stems(&analyzer, words));
    }
    out
});

fn stems(analyzer: &Analyzer, words: &str) -> Vec<String> {
    let mut out: Vec<String> = words
        .split_whitespace()
        .flat_map(|word| analyzer.terms(word))
        .map(|t| fold(&t.text))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

const GROUPS: &[(&str, &str)] = &[
    (
        "en",
        "refund reimburse repay repaid money payback refunded|return sent-back withdraw|delivery shipping dispatch deliver ship shipment shipped delivered|price cost fee charge costs sum amount|\
         free gratis charge cost|order purchase buy bought ordered purchased buyer|item product article goods things|mail email message|shop store|phone call telephone ring|\
         valid validity expire expiry runs lasts last|wait keep kept hold|cancel cancellation cancelled|change edit alter modify adjust switch|parcel package box shipment|begin start|\
         finish end close over|send dispatch ship sent post leave leaves|receive arrive get reach arrives received arrival|choose select pick|collect pick-up pickup fetch pick collecting|allow permit can possible|\
         voucher coupon code discount|defect fault faulty broken defective damage damaged|replace exchange swap replacement|repair fix mend|need require necessary bring required|help assist|\
         credit credited add added|pay payment paid paying|account profile|add put enter type fill|show display present|identity id document passport|notice message notification tell inform remind reminder|\
         quick fast rapid|buyer customer purchaser|photo picture image|rest remaining remainder left balance|extend prolong longer extra|sum amount total|minimum least|maximum most|\
         decide decision|holiday holidays|reply answer respond|disagree objection object|use used redeem spend|leave dispatch|block deactivate|withdraw withdrawal cancel|earn get collect receive|\
         tag label|unused new|drop hand|till cashier checkout|residents live living|bank lender|basket cart|locker lockers|law legal legally|deduct taken subtract|\
         members member membership|lose lost missing|both two|anyone anybody everybody everyone|permitted allowed|belong address|website site online|courier carrier|everything all entire whole",
    ),
    (
        "de",
        "rückerstattung erstattung erstatten erstattet rückzahlung geld zurück überweisen gutschrift zurückzahlen|rückgabe rücksendung retoure zurückgeben zurücksenden zurückschicken rücksenden retournieren|\
         lieferung versand zustellung liefern versenden geliefert sendung|preis kosten gebühr betrag kostet porto aufpreis summe|kostenlos gratis kostenfrei umsonst|bestellung auftrag kauf bestellen kaufen einkauf bestellt gekauft|\
         artikel produkt ware sache|mail e-mail nachricht email|filiale laden geschäft|telefon anruf anrufen|gültig gültigkeit gelten gilt|warten liegen aufbewahren|stornieren stornierung storno absagen|\
         ändern änderung anpassen bearbeiten|paket sendung päckchen|schicken senden verschicken|erhalten bekommen ankommen eintreffen|wählen auswählen aussuchen|abholen abholung|\
         gutschein rabattcode code|defekt fehler fehlerhaft kaputt mangel beschädigt|ersetzen umtauschen austauschen tauschen umtausch|reparieren reparatur|brauchen benötigen nötig erforderlich|\
         zahlen bezahlen zahlung bezahlt|konto|eingeben eintippen tippen|ausweis ausweisdokument identität|verlängern länger|ablauf ablaufen verfallen endet|entscheiden entscheidung|antworten antwort|\
         abziehen abgezogen|unbenutzt ungetragen neu|einlösen verwenden nutzen benutzen|käufer kunde|rest verbleibend übrig restguthaben|etikett aufkleber|werktag arbeitstag|sperrig groß|erreichen ab|\
         abgeben bringen mitbringen vorlegen|mitteilen melden informieren erinnern erinnerung|zurücknehmen rückgabe|guthaben stand|kasse|pro je",
    ),
    (
        "lv",
        "atmaksa atmaksāt atmaksājam naudu nauda atdot atgūt atgūsiet atmaksu|atgriešana atgriezt atgriešanu sūtīt|piegāde piegādāt sūtījums nosūtīšana piegādi nosūtīt|cena maksa maksāt maksā izmaksas summa|bezmaksas maksas|\
         pasūtījums pirkums pasūtīt pirkt pasūtījumu pirkumu nopirkt|prece produkts preces|pasts vēstule e-pasts ziņa|veikals|tālrunis zvanīt zvaniet|derīgs termiņš derīga|gaidīt glabāt uzglabāt glabājam|\
         atcelt atcelšana atteikties|mainīt labot grozīt mainīšana rediģēt|paka sūtījums paciņa|saņemt atnākt nonākt saņemšana pienākt|izvēlēties izvēle|kods kupons|\
         defekts bojāts salūzis bojājums kļūda brāķis|apmainīt nomainīt samainīt maiņa apmaiņa|remonts salabot labot|vajag nepieciešams vajadzīgs jābūt|samaksāt maksājums apmaksāt|konts profils|\
         ierakstīt ievadīt|dokuments apliecība|pagarināt ilgāk|beigties beigas|izlemt lēmums|atbildēt atbilde|atskaitīt|nelietots jauns|izmantot lietot|pircējs klients|atlikums atlikusī pārējais|\
         uzlīme etiķete|uzrādīt paņemt atnest parādīt|atgādināt atgādinājums paziņot|lielgabarīta liels|nodot nodošana|bloķēt|nosūtīt atsūtīt sūtīt izsūtīt",
    ),
];

const LIGHT: &[(&str, &str)] = &[
    (
        "en",
        "get take make go come give put let use possible way time case following simply usually normally generally available apply mean happen see know want like able actually currently directly easily \
         however therefore otherwise instead additionally moreover note important thing lot kind type different certain option need work keep find sure say please customer company per each via within \
         without regardless provided depend long soon once up back away amount period day today also then information detail question whether always already any every much many several first number address write contact reach line something anything",
    ),
    (
        "de",
        "machen geben gehen kommen nehmen lassen möglich möglichkeit zeit fall einfach normalerweise verfügbar gelten bedeuten sehen wissen gern derzeit direkt jedoch daher sonst stattdessen wichtig \
         finden sicher bitte kunde kunden dabei damit dafür davon dazu bereits innerhalb spätestens höchstens mindestens insgesamt jeweils pro je lang dauert dauern frist beim zeitraum sofern wer steht erfolgt erfolgen stehen nummer adresse schreiben etwas erhalten bekommen",
    ),
    (
        "lv",
        "iespējams iespēja laiks laikā laika gadījumā gadījums vienkārši parasti pieejams nozīmē redzēt zināt pašlaik tieši tomēr tāpēc citādi svarīgi atrast lūdzu klients klienti klientam jau vismaz kopā katrs viss \
         ilgi ilgst termiņš termiņā periods notiek tiks jūs jums varēs varat varēsiet pats paši ietvaros numurs adrese rakstīt saņemt saņemsiet saņem",
    ),
];

/// Meanings, by their names in the lexicon, that a faithful sentence may bring along: they hold it together and
/// name nothing that a passage would have to speak of.
const GENERAL_MEANINGS: &str = "additional;again;allow;almost;alone;always;appear;arrive;ask;become;belong;bring;call;carry;\
    cause;certain;check;choose;clear;click;close;come;contact;contain;continue;current;date;day;\
    decide;depend;different;easy;enough;example;explain;fast;fill in;find;first time;fit;follow;\
    forbid;form (document);full;give;go;good;goods;group;half;hang;happen;help;hold;hope;\
    how long;how to;idea;immediately;important;inform;keep;know;last (duration);lead;leave;like;\
    line;list;look at;make;manage to;many;maybe;mistake;moment;need;now;offer;often;one;open;\
    part (component);part (portion);perform;person;piece;place;plan;possible;press;problem;\
    product;provide;pull;purpose;put;question;receive;remember;request;result;right (correct);\
    right (entitlement);same;save;see;show;side;similar;sit;situation;solve;sometimes;soon;\
    special;stand;start;stay;step;succeed;take;tell;thing;think;time;today;together;too much;\
    try;turn;use;usual;valid;wait;want;whole;work (function);write";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_group_meet_by_their_stems() {
        let stem = |tag: &str, word: &str| {
            stems(&Analyzer::new(&Locale::parse(tag).unwrap()), word).remove(0)
        };
        let english = Thesaurus::of("en");
        assert!(english.others(&stem("en", "refunds")).contains(&stem("en", "money")));
        assert!(english.is_light(&stem("en", "getting")));
        assert!(!english.is_light(&stem("en", "refund")));
        let german = Thesaurus::of("de");
        assert!(german.others(&stem("de", "Rücksendung")).contains(&stem("de", "Rückgabe")));
        assert!(Thesaurus::of("xx").others("a").is_empty());
    }

    #[test]
    fn general_meanings_are_those_of_the_lexicon() {
        let analyzer = Analyzer::new(&Locale::parse("en").unwrap());
        // A function word of this name stands for no meaning by itself: "again".
        for name in GENERAL_MEANINGS.split(';').map(str::trim) {
            let readings = analyzer.readings(name);
            let known = readings.iter().any(|r| r.concepts.contains(&name));
            assert!(known || readings.iter().all(|r| r.stop), "{name}");
        }
        assert!(is_subject(&["police"]));
        assert!(!is_subject(&["give", "gift"]), "it may be the general one");
        assert!(!is_subject(&[]));
    }
}
