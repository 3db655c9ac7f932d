//! The figures of use: what became of conversations, what customers thought, what it was worth. Counted by
//! the store; here are their meaning and the statistics on them.
//!
//! *Contained*: it was answered, ended or went quiet, and no person was needed: the customer went away, which
//! says nothing about why. *Confirmed*: contained, and the customer said that it helped. *Deflected*: contained,
//! not reopened, and no word against it: the upper end of what a person was spared; confirmed is the lower end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// 97.5 % quantile of the normal distribution: for intervals of 95 %.
const Z: f64 = 1.959_963_985;

/// What was counted of the conversations that began in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// With at least one word of the customer.
    pub conversations: u64,
    pub contained: u64,
    pub confirmed: u64,
    pub deflected: u64,
    pub reopened: u64,
    pub handed_off: u64,
    /// Tickets by reason code.
    pub reasons: BTreeMap<String, u64>,
    /// Ratings of conversations, one to five stars.
    pub stars: [u64; 5],
    /// Answers that customers found helpful, and not.
    pub helpful: (u64, u64),
}

/// `[figures]` of the configuration: what a conversation costs when a person leads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostSettings {
    /// Of one conversation that a person answers; 0: no money is shown.
    pub person_cost: f64,
    pub currency: String,
}

impl Default for CostSettings {
    fn default() -> Self {
        Self { person_cost: 0.0, currency: "EUR".to_owned() }
    }
}

/// A share of a number of things, with the interval that holds the true one in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub count: u64,
    pub of: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

impl Share {
    /// Wilson's score interval (1927), which holds for small numbers and shares near 0 and 1 too.
    pub fn of(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self { count, of, share: 0.0, low: 0.0, high: 1.0 };
        }
        let (k, n) = (count.min(of) as f64, of as f64);
        let p = k / n;
        let middle = p + Z * Z / (2.0 * n);
        let width = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        let (low, high) = ((middle - width) / scale, (middle + width) / scale);
        Self { count, of, share: p, low: low.max(0.0), high: high.min(1.0) }
    }
}

/// What was spared: deflected conversations times what a person's conversation costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saving {
    pub currency: String,
    pub amount: f64,
    pub low: f64,
    pub high: f64,
}

/// Figures as they are shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub conversations: u64,
    pub contained: Share,
    pub confirmed: Share,
    pub deflected: Share,
    pub reopened: Share,
    pub handed_off: Share,
    pub reasons: BTreeMap<String, u64>,
    /// Four or five stars among the rated.
    pub satisfied: Share,
    pub mean_stars: Option<f64>,
    /// Helpful among the answers that were judged.
    pub helpful: Share,
    pub saving: Option<Saving>,
}

impl Figures {
    pub fn new(counts: &Counts, cost: &CostSettings) -> Self {
        let all = counts.conversations;
        let rated: u64 = counts.stars.iter().sum();
        let sum: u64 = counts.stars.iter().zip(1..).map(|(n, stars)| n * stars).sum();
        let deflected = Share::of(counts.deflected, all);
        let saving = (cost.person_cost > 0.0 && all > 0).then(|| {
            let worth = |share: f64| share * all as f64 * cost.person_cost;
            Saving {
                currency: cost.currency.clone(),
                amount: worth(deflected.share),
                low: worth(deflected.low),
                high: worth(deflected.high),
            }
        });
        Self {
            conversations: all,
            contained: Share::of(counts.contained, all),
            confirmed: Share::of(counts.confirmed, all),
            deflected,
            reopened: Share::of(counts.reopened, all),
            handed_off: Share::of(counts.handed_off, all),
            reasons: counts.reasons.clone(),
            satisfied: Share::of(counts.stars[3] + counts.stars[4], rated),
            mean_stars: (rated > 0).then(|| sum as f64 / rated as f64),
            helpful: Share::of(counts.helpful.0, counts.helpful.0 + counts.helpful.1),
            saving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_books() {
        // Values of R's prop.test without continuity correction.
        for (k, n, low, high) in [
            (0, 10, 0.0, 0.277_5),
            (5, 10, 0.236_6, 0.763_4),
            (10, 10, 0.722_5, 1.0),
            (81, 263, 0.255_3, 0.366_2),
        ] {
            let share = Share::of(k, n);
            assert!((share.low - low).abs() < 1e-4, "{k} of {n}: {share:?}");
            assert!((share.high - high).abs() < 1e-4, "{k} of {n}: {share:?}");
        }
        assert_eq!((Share::of(0, 0).low, Share::of(0, 0).high), (0.0, 1.0));
    }

    #[test]
    fn money_is_shown_with_its_uncertainty_and_only_when_a_cost_is_given() {
        let counts = Counts {
            conversations: 100,
            deflected: 60,
            stars: [1, 0, 0, 2, 1],
            ..Counts::default()
        };
        assert_eq!(Figures::new(&counts, &CostSettings::default()).saving, None);
        let cost = CostSettings { person_cost: 5.0, ..CostSettings::default() };
        let figures = Figures::new(&counts, &cost);
        let saving = figures.saving.unwrap();
        assert!((saving.amount - 300.0).abs() < 1e-9);
        assert!(saving.low < 260.0 && saving.high > 340.0, "{saving:?}");
        assert_eq!((figures.satisfied.count, figures.satisfied.of), (3, 4));
        assert_eq!(figures.mean_stars, Some(3.5));
    }
}
