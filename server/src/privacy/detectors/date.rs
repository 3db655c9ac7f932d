//! Dates of birth: a date near "born", "dzimis", "Geburtsdatum"; and a full date that is nearly the
//! whole message, because it then answers the question for one. Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::checks::day_month;

/// Other words that a message of little more than a date may hold.
const SHORT: usize = 4;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let born = scan.cues.of(Cue::Birth).next().is_some();
    let short = scan.protected.is_empty()
        && scan.plain_words <= SHORT
        && scan.cues.of(Cue::Order).next().is_none();
    if !born && !short {
        return;
    }
    let mut index = 0;
    while index < scan.tokens.len() {
        let Some((range, tokens)) =
            numeric(scan, index).or_else(|| worded(scan, index)).or_else(|| joined(scan, index))
        else {
            index += 1;
            continue;
        };
        let full = (tokens > 2 || scan.gap(index) == "-") && scan.gap(index) != " ";
        if scan.cues.near(&range, &[Cue::Birth]) || short && full {
            out.push(Finding::new(range, PersonalDataKind::Date, "DATE_TIME"));
        }
        index += tokens;
    }
}

fn value(scan: &Scan<'_>, index: usize) -> Option<u32> {
    let token = scan.tokens.get(index).filter(|t| t.ascii && t.is_number() && t.len() <= 4)?;
    scan.text[token.range()].parse().ok()
}

fn is_year(number: u32, len: usize) -> bool {
    len == 2 || len == 4 && (1900..2100).contains(&number)
}

/// Three numbers with the same dash, dot or slash, in any usual order, with a time of day behind.
fn numeric(scan: &Scan<'_>, index: usize) -> Option<(Range<usize>, usize)> {
    let gap = scan.gap(index);
    let same = scan.gap(index + 1);
    if !matches!(gap, "." | "-" | "/" | ". " | " ")
        || same != gap
        || matches!(scan.before(scan.tokens[index].start), Some(b'.' | b'-' | b'/'))
    {
        return None;
    }
    let start = scan.tokens[index].start;
    if let Some(range) = iso(scan, index) {
        return Some(range);
    }
    let (first, second, third) =
        (value(scan, index)?, value(scan, index + 1)?, value(scan, index + 2)?);
    let len = |i: usize| scan.tokens[index + i].len();
    let swapped = |a: u32, b: u32| day_month(a, b) || day_month(b, a);
    let dated = len(2) != 3
        && len(0) <= 2
        && len(1) <= 2
        && swapped(first, second)
        && is_year(third, len(2))
        || len(0) == 4 && is_year(first, 4) && swapped(second, third);
    let end = scan.tokens[index + 2].end;
    let more = matches!(scan.byte(end), Some(b'.' | b'-' | b'/'))
        && scan.byte(end + 1).is_some_and(|b| b.is_ascii_digit());
    (dated && !more).then_some((start..end, 3))
}

/// "17031968": only beside a cue, like all that has no full form.
fn joined(scan: &Scan<'_>, index: usize) -> Option<(Range<usize>, usize)> {
    let token = scan.tokens.get(index).filter(|t| t.ascii && t.is_number() && t.len() == 8)?;
    let number = |range: Range<usize>| scan.text[range].parse::<u32>().ok();
    let (day, month) =
        (number(token.start..token.start + 2)?, number(token.start + 2..token.start + 4)?);
    let year = number(token.start + 4..token.end)?;
    let dated = is_year(year, 4) && (day_month(day, month) || day_month(month, day));
    let born = dated && scan.cues.near(&token.range(), &[Cue::Birth]);
    born.then(|| (token.range(), 1))
}

/// `2023-07-01T08:15:00.123+02:00`.
fn iso(scan: &Scan<'_>, index: usize) -> Option<(Range<usize>, usize)> {
    let day = scan.tokens.get(index + 2)?;
    let (date, hour) = scan.text[day.range()].split_once(['T', 't'])?;
    let year = value(scan, index)?;
    let dated = is_year(year, scan.tokens[index].len())
        && day_month(date.parse().ok()?, value(scan, index + 1)?);
    if !dated || hour.len() != 2 {
        return None;
    }
    let start = scan.tokens[index].start;
    let rest = &scan.text[day.end..];
    let tail = rest
        .bytes()
        .take(26)
        .take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z'))
        .count();
    let end = day.end + rest[..tail].trim_end_matches(['.', '-', ':', '+']).len();
    let tokens = scan.tokens[index..].iter().take(9).take_while(|t| t.start < end).count();
    Some((start..end, tokens.max(3)))
}

/// The beginnings of the months in the languages we know, and abbreviations that stand alone.
const STEMS: &str = "janu janv janei janner febr fevr fever febb march mars maart marts marzo marzec april avril abril maij mayo maio maggio junij juni june juin junio junho juillet \
julij juli july julio julho giugno luglio august agosto aout septem septiem setiem setem settem octob oktob oktoob octub ottob outub novem noviem decem dezem desem detsem diciem dicem gennaio enero stycz lutego luty \
marca kwiet czerw lipca lipiec sierp wrzes pazdz listop grudn sausi vasar kovo baland geguz birzel liepos rugpj rugsej spali lapkr gruod jaanuar \
veebr juuni juuli tammik helmik maalis huhtik toukok kesak heinak elok syysk lokak marrask jouluk январ феврал март апрел июн июл август сентябр октябр ноябр декабр";
const SHORT_MONTHS: &str = "jan feb feber mar marz marco marta apr may mai mei maj maja jun jul aug sep sept oct okt nov dec dez ene abr ago dic mayo мая май";

fn is_month(word: &str) -> bool {
    if word.len() > 24 || word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let word = word.to_lowercase();
    STEMS.split(' ').any(|stem| word.starts_with(stem))
        || SHORT_MONTHS.split(' ').any(|month| word == month)
}

/// "5 May 1980", "May 5, 1980", "5. maijs 1980", "3 de marzo de 1979", "1980. gada 5. maijā",
/// "1979 m. kovo 3 d.", "5-MAY-2021", "05-May".
fn worded(scan: &Scan<'_>, index: usize) -> Option<(Range<usize>, usize)> {
    let near = |i: usize| matches!(scan.gap(index + i), " " | "-" | ". " | ", " | "." | "/");
    let day = |i: usize| {
        let word = scan.word(index + i);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &word[digits..];
        (1..=2).contains(&digits)
            && word[..digits].parse::<u32>().is_ok_and(|n| (1..=31).contains(&n))
            && matches!(
                rest.to_ascii_lowercase().as_str(),
                "" | "st" | "nd" | "rd" | "th" | "er" | "e"
            )
    };
    let len = |i: usize| scan.tokens.get(index + i).map_or(0, |t| t.len());
    let year = |i: usize| value(scan, index + i).is_some_and(|n| is_year(n, len(i)));
    let month = |i: usize| is_month(scan.word(index + i));
    // "3 de marzo de 1979", "1º de maio", "3rd of May".
    let past_of = |i: usize| {
        let of = ["of", "de", "del"].iter().any(|of| scan.word(index + i).eq_ignore_ascii_case(of));
        i + usize::from(of && near(i))
    };
    let sign = usize::from(scan.gap(index).is_empty() && scan.word(index + 1) == "º");
    let month_at = past_of(sign + 1);
    let filled = usize::from(!day(1) && !month(1)) + 1;
    let count = if day(0) && near(sign) && month(month_at) {
        let year_at = past_of(month_at + 1);
        if near(month_at) && year(year_at) { year_at + 1 } else { month_at + 1 }
    } else if near(0) && day(1) && near(1) && year(2) && month(0) {
        3
    } else if year(0)
        && near(0)
        && near(filled)
        && (day(filled) && month(filled + 1) || month(filled) && day(filled + 1))
        && (if filled > 1 { near(1) && len(1) <= 5 } else { len(0) == 4 })
    {
        filled + 2
    } else {
        return None;
    };
    Some((scan.tokens[index].start..scan.tokens[index + count - 1].end, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::cues::CueFinder;
    use crate::privacy::normalize::View;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let scan = Scan::new(&view, &CueFinder::new().unwrap());
        let mut out = Vec::new();
        find(&scan, &mut out);
        out.into_iter().map(|f| f.range).map(|r| text[view.original(r)].to_owned()).collect()
    }

    #[test]
    fn dates_of_birth_are_found_in_many_spellings() {
        for (text, date) in [
            ("I am a customer of yours and was born on 5 May 1980 in Riga", "5 May 1980"),
            ("esmu klients jau sen un esmu dzimis 1980. gada 5. maijā", "1980. gada 5. maijā"),
            ("Guten Tag, hier noch mein Geburtsdatum für Sie: 05.12.1980", "05.12.1980"),
            ("2023-07-01T08:15:00+02:00", "2023-07-01T08:15:00+02:00"),
            ("I was born on the 3rd of March 1979", "3rd of March 1979"),
            ("geboren am 3. März 1979", "3. März 1979"),
            ("Mein Geburtstag ist der 3. März 1979", "3. März 1979"),
            ("Mein Geburtstag ist der 3. März", "3. März"),
            ("geboren am 1. Jänner 1979 in Wien", "1. Jänner 1979"),
            ("ma date de naissance est le 1er août 1979", "1er août 1979"),
            ("mi fecha de nacimiento es el 3 de abril de 1979", "3 de abril de 1979"),
            ("fecha de nacimiento: 3 de septiembre del 1979", "3 de septiembre del 1979"),
            ("la mia data di nascita è il 3 febbraio 1979", "3 febbraio 1979"),
            ("sono nato il 3 settembre 1979", "3 settembre 1979"),
            ("urodziłem się 3 maja 1979 w Gdańsku", "3 maja 1979"),
            ("я родился 3 марта 1979 года", "3 марта 1979"),
            ("gimimo data 1979 m. kovo 3 d.", "1979 m. kovo 3"),
            ("minu sünniaeg on 3. oktoober 1979", "3. oktoober 1979"),
            ("olen syntynyt 3. maaliskuuta 1979", "3. maaliskuuta 1979"),
            ("jag är född den 3 mars 1979", "3 mars 1979"),
            ("mijn geboortedatum is 3 mei 1979", "3 mei 1979"),
            ("je suis né le 3 mars 1979", "3 mars 1979"),
            ("mon anniversaire est le 3 mars 1979", "3 mars 1979"),
            ("nací el 3 de marzo de 1979", "3 de marzo de 1979"),
            ("il mio compleanno è il 3 marzo 1979", "3 marzo 1979"),
            ("дата рождения: 3 марта 1979", "3 марта 1979"),
            ("gimiau 1979 m. kovo 3 d.", "1979 m. kovo 3"),
            ("olen sündinud 3. märtsil 1979", "3. märtsil 1979"),
            ("mitt födelsedatum är 3 mars 1979", "3 mars 1979"),
            ("mijn verjaardag is 3 maart 1979", "3 maart 1979"),
            ("nasci em 3 de março de 1979", "3 de março de 1979"),
            ("min fødselsdag er 3. marts 1979", "3. marts 1979"),
        ] {
            assert_eq!(found(text), [date], "{text}");
        }
    }

    #[test]
    fn every_month_is_known_in_every_language() {
        for months in [
            "january february march april may june july august september october november december",
            "januar februar märz april mai juni juli august september oktober november dezember",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
            "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
            "sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio",
            "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
            "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
            "januari februari mars april maj juni juli augusti september oktober november december",
            "januari februari maart april mei juni juli augustus september oktober november december",
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
            "janvārī februārī martā aprīlī maijā jūnijā jūlijā augustā septembrī oktobrī novembrī decembrī",
            "januar februar marts april maj juni juli august september oktober november desember",
        ] {
            for month in months.split(' ') {
                let day = format!("3. {month} 1979");
                assert_eq!(found(&format!("geboren: {day}")), [day.as_str()], "{month}");
            }
        }
    }

    #[test]
    fn dates_of_purchases_stay() {
        assert!(found("I bought the tent on 12.03.2026 and it leaks already").is_empty());
        assert!(found("order from 12.03.2026").is_empty());
        assert!(found("Ich habe das Zelt am 3. März 2026 gekauft und es ist undicht").is_empty());
        assert!(found("compré la tienda el 3 de marzo de 2026 y está rota").is_empty());
    }
}
