//! Names of months and weekdays, as data, in the languages of the guard.
//!
//! Called by the parser of literals. A month is recognised by the folded beginning of its name; names
//! that are words of their own ("may", "mars") count only beside a day or a year.

/// The month, 1 to 12, that a folded word names, and whether the name can be nothing else.
pub(super) fn month(word: &str, language: &str) -> Option<(u8, bool)> {
    let own: &[(&str, u8)] = match language {
        "fi" => FINNISH,
        "lt" => LITHUANIAN,
        "pl" => POLISH,
        "ru" => RUSSIAN,
        _ => &[],
    };
    if let Some((_, month)) = own.iter().find(|(start, _)| word.starts_with(start)) {
        return Some((*month, true));
    }
    MONTHS
        .iter()
        .find(|(start, _, most, _)| word.starts_with(start) && word.len() <= *most)
        .map(|(_, month, _, sure)| (*month, *sure))
}

/// The weekday, 0 is Monday, that a folded word names.
pub(super) fn weekday(word: &str, language: &str) -> Option<u8> {
    let (_, names) = WEEKDAYS.iter().find(|(l, _)| *l == language)?;
    let at = names.split(' ').position(|n| n.split('/').any(|start| word.starts_with(start)))?;
    u8::try_from(at).ok()
}

/// Beginning, month, longest form in bytes, unmistakable.
const MONTHS: &[(&str, u8, usize, bool)] = &[
    ("januar", 1, 10, true),
    ("janvar", 1, 9, true),
    ("janvier", 1, 7, true),
    ("jan", 1, 3, false),
    ("enero", 1, 5, true),
    ("gennaio", 1, 7, true),
    ("jaanuar", 1, 10, true),
    ("janner", 1, 6, true),
    ("februar", 2, 11, true),
    ("fevrier", 2, 7, true),
    ("febrero", 2, 7, true),
    ("febbraio", 2, 8, true),
    ("veebruar", 2, 11, true),
    ("feb", 2, 3, false),
    ("march", 3, 5, false),
    ("marts", 3, 5, true),
    ("marta", 3, 5, true),
    ("martu", 3, 5, true),
    ("martam", 3, 6, true),
    ("marti", 3, 5, false),
    ("marz", 3, 5, true),
    ("maerz", 3, 5, true),
    ("mars", 3, 4, false),
    ("marzo", 3, 5, true),
    ("maart", 3, 5, true),
    ("mar", 3, 3, false),
    ("april", 4, 9, true),
    ("aprili", 4, 9, true),
    ("avril", 4, 5, true),
    ("abril", 4, 5, true),
    ("apr", 4, 3, false),
    ("may", 5, 3, false),
    ("mai", 5, 4, false),
    ("maij", 5, 6, true),
    ("mayo", 5, 4, false),
    ("maggio", 5, 6, true),
    ("maj", 5, 3, false),
    ("mei", 5, 3, false),
    ("june", 6, 4, true),
    ("juni", 6, 8, true),
    ("junij", 6, 8, true),
    ("juin", 6, 4, true),
    ("junio", 6, 5, true),
    ("giugno", 6, 6, true),
    ("juuni", 6, 7, true),
    ("july", 7, 4, true),
    ("juli", 7, 8, true),
    ("julij", 7, 8, true),
    ("juillet", 7, 7, true),
    ("julio", 7, 5, true),
    ("luglio", 7, 6, true),
    ("juuli", 7, 7, true),
    ("august", 8, 10, true),
    ("aout", 8, 4, true),
    ("agosto", 8, 6, true),
    ("augusti", 8, 8, true),
    ("aug", 8, 3, false),
    ("septem", 9, 12, true),
    ("septiembre", 9, 10, true),
    ("settembre", 9, 9, true),
    ("sept", 9, 4, false),
    ("sep", 9, 3, false),
    ("octo", 10, 10, true),
    ("okto", 10, 12, true),
    ("ottobre", 10, 7, true),
    ("oct", 10, 3, false),
    ("okt", 10, 3, false),
    ("novem", 11, 12, true),
    ("noviembre", 11, 9, true),
    ("nov", 11, 3, false),
    ("decem", 12, 12, true),
    ("dezem", 12, 12, true),
    ("diciembre", 12, 9, true),
    ("dicembre", 12, 8, true),
    ("detsem", 12, 12, true),
    ("dec", 12, 3, false),
    ("dez", 12, 3, false),
];

const FINNISH: &[(&str, u8)] = &[
    ("tammikuu", 1),
    ("helmikuu", 2),
    ("maaliskuu", 3),
    ("huhtikuu", 4),
    ("toukokuu", 5),
    ("kesakuu", 6),
    ("heinakuu", 7),
    ("elokuu", 8),
    ("syyskuu", 9),
    ("lokakuu", 10),
    ("marraskuu", 11),
    ("joulukuu", 12),
];
const LITHUANIAN: &[(&str, u8)] = &[
    ("sausio", 1),
    ("vasario", 2),
    ("kovo", 3),
    ("balandzio", 4),
    ("geguzes", 5),
    ("birzelio", 6),
    ("liepos", 7),
    ("rugpjucio", 8),
    ("rugsejo", 9),
    ("spalio", 10),
    ("lapkricio", 11),
    ("gruodzio", 12),
];
const POLISH: &[(&str, u8)] = &[
    ("styczn", 1),
    ("lutego", 2),
    ("luty", 2),
    ("marca", 3),
    ("marzec", 3),
    ("kwie", 4),
    ("maja", 5),
    ("czerwc", 6),
    ("lipc", 7),
    ("sierpn", 8),
    ("wrzes", 9),
    ("pazdziern", 10),
    ("listopad", 11),
    ("grudn", 12),
    ("grudzien", 12),
];
const RUSSIAN: &[(&str, u8)] = &[
    ("январ", 1),
    ("феврал", 2),
    ("март", 3),
    ("апрел", 4),
    ("мая", 5),
    ("май", 5),
    ("маи", 5),
    ("июн", 6),
    ("июл", 7),
    ("август", 8),
    ("сентябр", 9),
    ("октябр", 10),
    ("ноябр", 11),
    ("декабр", 12),
];

const WEEKDAYS: &[(&str, &str)] = &[
    ("en", "monday tuesday wednesday thursday friday saturday sunday"),
    ("de", "montag dienstag mittwoch donnerstag freitag samstag/sonnabend sonntag"),
    ("lv", "pirmdien otrdien tresdien ceturtdien piektdien sestdien svetdien"),
    ("fr", "lundi mardi mercredi jeudi vendredi samedi dimanche"),
    ("es", "lunes martes miercoles jueves viernes sabado domingo"),
    ("it", "lunedi martedi mercoledi giovedi venerdi sabato domenica"),
    ("nl", "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
    ("pl", "poniedzial wtor srod czwart piat sobot niedziel"),
    ("ru", "понедельник вторник сред четверг пятниц суббот воскресень"),
    ("lt", "pirmadien antradien treciadien ketvirtadien penktadien sestadien sekmadien"),
    ("et", "esmaspaev teisipaev kolmapaev neljapaev reede laupaev puhapaev"),
    ("fi", "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai"),
    ("sv", "mandag tisdag onsdag torsdag fredag lordag sondag"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weekdays_are_known_in_their_forms() {
        assert_eq!(month("decembri", "lv"), Some((12, true)));
        assert_eq!(month("dezember", "de"), Some((12, true)));
        assert_eq!(month("may", "en"), Some((5, false)));
        assert_eq!(month("gruodzio", "lt"), Some((12, true)));
        assert_eq!(month("marble", "en"), None);
        assert_eq!(weekday("sestdienas", "lv"), Some(5));
        assert_eq!(weekday("sundays", "en"), Some(6));
        assert_eq!(weekday("sund", "xx"), None);
    }
}
