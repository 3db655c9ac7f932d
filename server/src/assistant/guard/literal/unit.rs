//! Units of quantities, as data: which words name one, and how many base units it is.
//!
//! Called by the parser of literals. A unit is a kind with an exact factor, so that "2 weeks" and
//! "14 days" are one value and "14 EUR" and "14 days" are not.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lex::{Lex, Token};
use crate::assistant::guard::text::fold;

/// What a number counts. Values of equal units can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::assistant::guard) enum Unit {
    /// Nothing that is known: a count of things, an ordinal, a year.
    Bare,
    Euro,
    Dollar,
    Pound,
    Zloty,
    Crown,
    Franc,
    Rouble,
    Percent,
    Seconds,
    WorkingDays,
    Months,
    Nanometres,
    Milligrams,
    Microlitres,
    Celsius,
    Bytes,
    Watts,
    MilliampHours,
    WattHours,
    Volts,
    Lumens,
    Points,
    /// Repetitions.
    Times,
}

impl Unit {
    /// Whether values of both could stand in the same place of a sentence.
    pub(in crate::assistant::guard) fn is_like(self, other: Self) -> bool {
        self.family() == other.family()
    }

    fn family(self) -> u8 {
        match self {
            Self::Bare | Self::Points | Self::Times => 0,
            Self::Euro
            | Self::Dollar
            | Self::Pound
            | Self::Zloty
            | Self::Crown
            | Self::Franc
            | Self::Rouble
            // "10% off" and "€10 off" stand in one place.
            | Self::Percent => 1,
            Self::Seconds | Self::WorkingDays | Self::Months => 2,
            _ => 4,
        }
    }
}

/// Kind and factor of the unit that starts at `tokens[at]`, and how many tokens it takes.
pub(super) fn at(tokens: &[Token], at: usize) -> Option<(Unit, i128, usize)> {
    match &tokens.get(at)?.lex {
        Lex::Mark('€') => Some((Unit::Euro, 1, 1)),
        Lex::Mark('$') => Some((Unit::Dollar, 1, 1)),
        Lex::Mark('£') => Some((Unit::Pound, 1, 1)),
        Lex::Mark('%') => Some((Unit::Percent, 1, 1)),
        Lex::Mark('°') => match tokens.get(at + 1).map(|t| &t.lex) {
            Some(Lex::Word { text, .. }) if text == "c" => Some((Unit::Celsius, 1, 2)),
            _ => Some((Unit::Celsius, 1, 1)),
        },
        Lex::Word { text, .. } => {
            if let Some(Lex::Word { text: second, .. }) = next_word(tokens, at) {
                if WORKING.contains(&text.as_str()) && is_day(second) {
                    return Some((Unit::WorkingDays, 1, 2));
                }
                if is_day(text) && WORKING_AFTER.contains(&second.as_str()) {
                    return Some((Unit::WorkingDays, 1, 2));
                }
                if CALENDAR.contains(&text.as_str()) && is_day(second) {
                    return Some((Unit::Seconds, 86_400, 2));
                }
                if text == "per" && second == "cent" {
                    return Some((Unit::Percent, 1, 2));
                }
            }
            one_word(text).map(|(unit, factor)| (unit, factor, 1))
        }
        _ => None,
    }
}

fn next_word(tokens: &[Token], at: usize) -> Option<&Lex> {
    let mut next = at + 1;
    if matches!(tokens.get(next)?.lex, Lex::Mark('-')) {
        next += 1;
    }
    tokens.get(next).map(|t| &t.lex)
}

/// The unit that one folded word names.
pub(super) fn one_word(text: &str) -> Option<(Unit, i128)> {
    WORDS.get(text).copied()
}

/// The first unit that a heading of a table names: "Months", "Price (€)", "Working days".
pub(in crate::assistant::guard) fn of_words(tokens: &[Token]) -> Option<(Unit, i128)> {
    let long = |i: &usize| tokens[*i].word().is_none_or(|w| w.len() > 2);
    (0..tokens.len())
        .filter(long)
        .find_map(|i| at(tokens, i))
        .map(|(unit, factor, _)| (unit, factor))
}

fn is_day(word: &str) -> bool {
    one_word(word) == Some((Unit::Seconds, 86_400))
}

/// Adjectives, folded, that make a day a working day, before or after it.
const WORKING: &[&str] = &[
    "working",
    "business",
    "darba",
    "darbdienu",
    "roboczy",
    "roboczych",
    "robocze",
    "рабочий",
    "рабочих",
    "рабочие",
    "рабочего",
    "рабочии",
    "darbo",
    "werk",
    "week",
];
const WORKING_AFTER: &[&str] = &[
    "ouvres",
    "ouvrables",
    "ouvrable",
    "ouvre",
    "laborables",
    "laborable",
    "habiles",
    "habil",
    "lavorativi",
    "lavorativo",
    "feriali",
    "robocze",
    "roboczych",
];
const CALENDAR: &[&str] = &["calendar", "kalendara", "full", "календарных", "kalendarzowych"];

static WORDS: LazyLock<HashMap<String, (Unit, i128)>> = LazyLock::new(|| {
    UNITS
        .iter()
        .flat_map(|(unit, factor, words)| {
            words.split_whitespace().map(|w| (fold(w), (*unit, *factor)))
        })
        .collect()
});

/// Kind, base units, words. Languages share the table: a unit is only looked for beside a number.
const UNITS: &[(Unit, i128, &str)] = &[
    (
        Unit::Euro,
        1,
        "eur euro euros eiro euron euroa eurot eurų eurai eurus euru евро euró eurolla eurota",
    ),
    (Unit::Dollar, 1, "usd dollar dollars dolāri dolārs dolāru доллар доллара долларов"),
    (Unit::Pound, 1, "gbp pound pounds pfund mārciņas mārciņu"),
    (Unit::Zloty, 1, "pln zł złoty złotych złote zloti zlotu"),
    (Unit::Crown, 1, "sek kr kronor kronas kronen kroner dkk nok czk"),
    (Unit::Franc, 1, "chf franken francs"),
    (Unit::Rouble, 1, "rub руб рубль рубля рублей rubļi rubļu"),
    (
        Unit::Percent,
        1,
        "percent pct procent procenti procentu procentiem procentus prozent процент процента процентов \
         procents pourcent prosenttia protsenti protsent procentów procentai procentų procento",
    ),
    (
        Unit::Seconds,
        1,
        "second seconds sec secs sekunde sekunden sekundes sekundi sekunžu sekundēm secondes segundos \
         secondi sekund sekundy секунд секунды sekundžių sekundit sekuntia sekunder seconden",
    ),
    (
        Unit::Seconds,
        60,
        "minute minutes min mins minuten minūte minūtes minūti minūšu minūtēm minūtē minuto minutos minuti minut \
         minuty minutę минут минуты минуту мин minutės minučių minutes minutit minuti minuuttia minuutin \
         minuter minuut minuten",
    ),
    (
        Unit::Seconds,
        3600,
        "hour hours hr hrs h stunde stunden std stunda stundas stundu stundām stundās heure heures hora horas \
         ora ore godzina godziny godzin godzinę час часа часов valanda valandos valandų valandas tund tundi \
         tunni tuntia tunnin tunti timme timmar timmes uur uren",
    ),
    (
        Unit::Seconds,
        86_400,
        "day days tag tage tagen tages diena dienas dienu dienām dienai dienā dienās jour jours día días giorno \
         giorni dzień dni dnia dniach день дня дней дни dień dieną diena dienų dienos dienas dienoms päev päeva päeva \
         päevaga päivä päivää päivän päivässä dag dagar dagars dagen dygn",
    ),
    (
        Unit::Seconds,
        604_800,
        "week weeks woche wochen nedēļa nedēļas nedēļu nedēļām nedēļā semaine semaines semana semanas settimana \
         settimane tydzień tygodnie tygodni неделя недели недель неделю savaitė savaitės savaičių savaites \
         nädal nädalat nädala viikko viikkoa viikon vecka veckor weken",
    ),
    (
        Unit::WorkingDays,
        1,
        "werktag werktage werktagen werktages arbeitstag arbeitstage arbeitstagen arbeitstages darbdiena \
         darbdienas darbdienu darbdienām tööpäev tööpäeva arkipäivä arkipäivää arkipäivän työpäivää arbetsdag \
         arbetsdagar vardagar werkdag werkdagen weekdays",
    ),
    (
        Unit::Months,
        1,
        "month months mth monat monate monaten monats mēnesis mēneši mēnešu mēnešus mēnešiem mēnesi mēnesī mēneša mois mes meses \
         mese mesi miesiąc miesiące miesięcy месяц месяца месяцев mėnuo mėnesiai mėnesių mėnesius mėnesį kuu \
         kuud kuukausi kuukautta kuukauden månad månader maand maanden",
    ),
    (
        Unit::Months,
        12,
        "year years yr yrs jahr jahre jahren jahres gads gadi gadu gadiem gadus gada gadā année années an ans \
         año años anno anni rok lata lat roku год года лет году metai metų metus aasta aastat vuosi vuotta \
         vuoden år jaar jaren",
    ),
    (Unit::Nanometres, 1_000_000, "mm millimetre millimetres millimeter milimetri milimetru"),
    (
        Unit::Nanometres,
        10_000_000,
        "cm centimetre centimetres zentimeter centimetri centimetru centimetrus см",
    ),
    (
        Unit::Nanometres,
        1_000_000_000,
        "m metre metres meter metern meters metri metru metrus mètre mètres metros м метров metriä meetrit",
    ),
    (
        Unit::Nanometres,
        1_000_000_000_000,
        "km kilometre kilometres kilometer kilometri kilometru км",
    ),
    (Unit::Milligrams, 1, "mg"),
    (Unit::Milligrams, 1000, "g gram grams gramm grami gramu grammes г"),
    (
        Unit::Milligrams,
        1_000_000,
        "kg kilo kilos kilogram kilograms kilogramm kilogrami kilogramu кг kilograma kilogramus",
    ),
    (Unit::Milligrams, 1_000_000_000, "tonne tonnes"),
    (Unit::Microlitres, 1000, "ml millilitre millilitres milliliter mililitri"),
    (
        Unit::Microlitres,
        1_000_000,
        "l litre litres liter liters litern litri litru litrus litros litrów литр литра литров л",
    ),
    (Unit::Celsius, 1, "degrees degree celsius grad grādi grādu grādiem grādos"),
    (Unit::Bytes, 1000, "kb"),
    (Unit::Bytes, 1_000_000, "mb megabyte megabytes megabaiti megabaitu"),
    (Unit::Bytes, 1_000_000_000, "gb gigabyte gigabytes"),
    (Unit::Watts, 1, "w watt watts"),
    (Unit::MilliampHours, 1, "mah"),
    (Unit::WattHours, 1, "wh"),
    (Unit::Volts, 1, "v volt volts"),
    (Unit::Lumens, 1, "lm lumen lumens lūmeni lūmenu"),
    (
        Unit::Points,
        1,
        "point points punkt punkte punkten punkti punktu punktus punktiem clubpunkte clubpunkten puntos punti пунктов балла баллов",
    ),
    (Unit::Times, 1, "times mal reizes reizi reižu fois veces volte razy раз раза"),
];
