//! Confidence intervals by resampling: how far a figure would move with other questions.
//!
//! Called by `figures`. Questions that belong together (turns of a dialogue, translations of one
//! question) are drawn together, because they succeed and fail together. Seeded: the same results
//! give the same intervals on every machine.

use indexer::random::SplitMix64;

/// The middle 95 % of the resampled figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Intervals of several figures at once, by the percentile method (Efron and Tibshirani: "An
/// Introduction to the Bootstrap", 1993, chapter 13).
///
/// `clusters` hold positions of questions; `statistic` gets the positions of one resample and must
/// always give the same number of figures in the same order. A figure that is `None` in more than
/// half of the resamples has no interval.
pub(super) fn intervals(
    clusters: &[Vec<usize>],
    resamples: u32,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Option<Interval>> {
    resample(clusters, resamples, seed, statistic)
        .into_iter()
        .map(|sample| {
            let enough = sample.len() * 2 > resamples as usize;
            enough.then(|| middle(&sample))
        })
        .collect()
}

/// The middle 95 % of a rising sample, which must not be empty.
pub(super) fn middle(sample: &[f64]) -> Interval {
    Interval { low: quantile(sample, 0.025), high: quantile(sample, 0.975) }
}

/// The values of each figure in all resamples, rising; those that are `None` are left out. Arguments as
/// those of [`intervals`].
pub(super) fn resample(
    clusters: &[Vec<usize>],
    resamples: u32,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Vec<f64>> {
    let mut random = SplitMix64::new(seed);
    let mut samples: Vec<Vec<f64>> = Vec::new();
    let mut drawn = Vec::new();
    for _ in 0..resamples {
        drawn.clear();
        for _ in clusters {
            drawn.extend_from_slice(&clusters[random.below(clusters.len())]);
        }
        let figures = statistic(&drawn);
        samples.resize(figures.len().max(samples.len()), Vec::new());
        for (sample, figure) in samples.iter_mut().zip(figures) {
            sample.extend(figure);
        }
    }
    for sample in &mut samples {
        sample.sort_by(f64::total_cmp);
    }
    samples
}

/// Linear between the two nearest values. `sorted` must not be empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at lies in the list"
    )]
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> impl Fn(&[usize]) -> Vec<Option<f64>> {
        move |drawn| {
            vec![Some(drawn.iter().map(|i| values[*i]).sum::<f64>() / drawn.len() as f64), None]
        }
    }

    #[test]
    fn the_interval_of_a_share_is_the_binomial_one() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
        let clusters: Vec<Vec<usize>> = (0..400).map(|i| vec![i]).collect();
        let got = intervals(&clusters, 2000, 1, mean(&values));
        let Interval { low, high } = got[0].unwrap();
        // 0.25 -+ 1.96 * sqrt(0.25 * 0.75 / 400)
        assert!((low - 0.2076).abs() < 0.006 && (high - 0.2924).abs() < 0.006, "{low} {high}");
        assert_eq!(got[1], None);
        assert_eq!(got, intervals(&clusters, 2000, 1, mean(&values)));
    }

    #[test]
    fn questions_that_go_together_widen_the_interval() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 200 < 50))).collect();
        let width = |size: usize| {
            let clusters: Vec<Vec<usize>> =
                (0..400).collect::<Vec<_>>().chunks(size).map(<[usize]>::to_vec).collect();
            let i = intervals(&clusters, 1000, 7, mean(&values))[0].unwrap();
            i.high - i.low
        };
        assert!(width(10) > 2.0 * width(1), "{} {}", width(10), width(1));
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert!((quantile(&[1.0, 2.0, 4.0], 0.75) - 3.0).abs() < 1e-12);
        assert!((quantile(&[5.0], 0.975) - 5.0).abs() < 1e-12);
    }
}
