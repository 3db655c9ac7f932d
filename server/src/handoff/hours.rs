//! Business hours: is somebody there now, and if not, when?
//!
//! Weekly spans in the company's own time zone, with holidays. Read once from `[handoff.hours]`; what
//! cannot be understood is an error that names the entry.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Days that are looked at for the next opening.
const AHEAD: i32 = 60;

/// `[handoff.hours]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HoursSettings {
    /// IANA name, for instance `Europe/Riga`.
    pub time_zone: String,
    /// By day (`mon` to `sun`): `"09:00-12:30, 13:00-17:00"`. Empty: always open.
    pub week: BTreeMap<String, String>,
    /// Days on which nobody is there: `"2026-12-24"`.
    pub holidays: Vec<String>,
}

impl Default for HoursSettings {
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned(), week: BTreeMap::new(), holidays: Vec::new() }
    }
}

/// What is wrong with the hours as they were written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    #[error(
        "handoff.hours.time_zone {0:?} is not known on this machine; write an IANA name such as \
         \"Europe/Riga\", and install tzdata where it is missing"
    )]
    Zone(String),
    #[error("handoff.hours.week has {0:?}; days are mon, tue, wed, thu, fri, sat and sun")]
    Day(String),
    #[error(
        "handoff.hours.week.{day} has {span:?}; write spans within the day such as \
         \"09:00-12:30, 13:00-17:00\""
    )]
    Span { day: String, span: String },
    #[error("handoff.hours.holidays has {0:?}; write days such as \"2026-12-24\"")]
    Holiday(String),
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub now: bool,
    /// When somebody is there next; only when nobody is now and a day is known.
    pub opens_at: Option<Timestamp>,
}

/// The hours of a company.
#[derive(Debug, Clone)]
pub struct Hours {
    zone: TimeZone,
    /// Spans of a day, from its own midnight; `None`: always open.
    week: Option<BTreeMap<i8, Vec<(Time, Time)>>>,
    holidays: BTreeSet<Date>,
}

impl Hours {
    /// # Errors
    /// [`HoursError`] naming the entry.
    pub fn new(settings: &HoursSettings) -> Result<Self, HoursError> {
        let zone = TimeZone::get(&settings.time_zone)
            .map_err(|_| HoursError::Zone(settings.time_zone.clone()))?;
        let mut week = BTreeMap::new();
        for (name, spans) in &settings.week {
            let day = day(name).ok_or_else(|| HoursError::Day(name.clone()))?;
            let mut parsed = Vec::new();
            for text in spans.split(',').map(str::trim).filter(|s| !s.is_empty()) {
                let span = span(text)
                    .ok_or_else(|| HoursError::Span { day: name.clone(), span: text.to_owned() })?;
                parsed.push(span);
            }
            parsed.sort_unstable();
            week.insert(day.to_monday_zero_offset(), parsed);
        }
        let holidays = settings
            .holidays
            .iter()
            .map(|h| h.parse().map_err(|_| HoursError::Holiday(h.clone())))
            .collect::<Result<_, _>>()?;
        let week = (!settings.week.is_empty()).then_some(week);
        Ok(Self { zone, week, holidays })
    }

    /// Is somebody there at `now`?
    pub fn at(&self, now: Timestamp) -> Open {
        let Some(week) = &self.week else {
            return Open { now: !self.is_holiday(now), opens_at: self.after_holidays(now) };
        };
        let local = now.to_zoned(self.zone.clone());
        let spans = |date: Date| {
            let closed = self.holidays.contains(&date);
            let of_day = week.get(&date.weekday().to_monday_zero_offset()).filter(|_| !closed);
            of_day.map(Vec::as_slice).unwrap_or_default()
        };
        let (today, time) = (local.date(), local.time());
        if spans(today).iter().any(|(from, to)| *from <= time && time < *to) {
            return Open { now: true, opens_at: None };
        }
        let opens_at = (0..AHEAD).find_map(|ahead| {
            let date = today.checked_add(ahead.days()).ok()?;
            let (from, _) = spans(date).iter().find(|(from, _)| ahead > 0 || *from > time)?;
            Some(date.to_datetime(*from).to_zoned(self.zone.clone()).ok()?.timestamp())
        });
        Open { now: false, opens_at }
    }

    /// The moment as the company's clock shows it: `2026-11-23 09:00`.
    pub fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn is_holiday(&self, now: Timestamp) -> bool {
        self.holidays.contains(&now.to_zoned(self.zone.clone()).date())
    }

    /// The first midnight behind the holidays that `now` stands in.
    fn after_holidays(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.is_holiday(now) {
            return None;
        }
        let today = now.to_zoned(self.zone.clone()).date();
        (1..AHEAD).find_map(|ahead| {
            let date = today.checked_add(ahead.days()).ok()?;
            let open = !self.holidays.contains(&date);
            open.then(|| date.to_zoned(self.zone.clone()).ok().map(|z| z.timestamp()))?
        })
    }
}

fn day(name: &str) -> Option<Weekday> {
    Some(match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// `09:00-17:30`; `24:00` is the end of the day.
fn span(text: &str) -> Option<(Time, Time)> {
    let (from, to) = text.split_once('-')?;
    let clock = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        match (hour, minute) {
            ("24", "00") => Some(Time::MAX),
            _ => Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok(),
        }
    };
    let (from, to) = (clock(from)?, clock(to)?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(week: &[(&str, &str)], holidays: &[&str]) -> HoursSettings {
        HoursSettings {
            time_zone: "Europe/Riga".to_owned(),
            week: week.iter().map(|(d, s)| ((*d).to_owned(), (*s).to_owned())).collect(),
            holidays: holidays.iter().map(|h| (*h).to_owned()).collect(),
        }
    }

    fn hours(week: &[(&str, &str)], holidays: &[&str]) -> Hours {
        Hours::new(&settings(week, holidays)).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_week_somebody_is_always_there_but_on_holidays() {
        let hours = hours(&[], &["2026-12-24", "2026-12-25"]);
        assert!(hours.at(at("2026-11-22T03:00:00Z")).now);
        let closed = hours.at(at("2026-12-24T10:00:00Z"));
        assert_eq!((closed.now, closed.opens_at), (false, Some(at("2026-12-25T22:00:00Z"))));
    }

    #[test]
    fn spans_days_holidays_and_the_zone_count() {
        // Riga is two hours ahead of UTC in winter, three in summer.
        let week = [("mon", "09:00-12:30, 13:00-17:00"), ("fri", "09:00-24:00")];
        let hours = hours(&week, &["2026-11-27"]);
        for (time, open, next) in [
            ("2026-11-23T06:59:59Z", false, Some("2026-11-23T07:00:00Z")),
            ("2026-11-23T07:00:00Z", true, None),
            ("2026-11-23T10:30:00Z", false, Some("2026-11-23T11:00:00Z")),
            // Friday is a holiday, so the next day is Monday.
            ("2026-11-23T15:00:00Z", false, Some("2026-11-30T07:00:00Z")),
            ("2026-12-04T21:59:00Z", true, None),
            ("2026-12-04T22:00:00Z", false, Some("2026-12-07T07:00:00Z")),
            ("2026-07-06T06:00:00Z", true, None),
        ] {
            let found = hours.at(at(time));
            assert_eq!((found.now, found.opens_at), (open, next.map(at)), "{time}");
        }
        assert_eq!(hours.local(at("2026-11-23T07:00:00Z")), "2026-11-23 09:00");
    }

    #[test]
    fn a_week_without_spans_never_opens_and_says_no_time() {
        let closed = hours(&[("mon", "")], &[]).at(at("2026-11-23T07:00:00Z"));
        assert_eq!(closed, Open { now: false, opens_at: None });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |s: HoursSettings| Hours::new(&s).unwrap_err().to_string();
        let zone = HoursSettings { time_zone: "Mars/Base".to_owned(), ..HoursSettings::default() };
        assert!(wrong(zone).contains("Mars/Base"));
        assert!(wrong(settings(&[("monday", "09:00-17:00")], &[])).contains("monday"));
        for span in ["9-17", "17:00-09:00", "09:00", "09:00-25:00", "a:b-c:d"] {
            assert!(wrong(settings(&[("mon", span)], &[])).contains(span), "{span}");
        }
        assert!(wrong(settings(&[], &["tomorrow"])).contains("tomorrow"));
    }
}
