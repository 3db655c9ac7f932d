//! Fits the confidence's logistic model, starting from the shipped coefficients and drawn back to them,
//! so that little data moves little.
//!
//! Called by `calibrate`. The log-odds are `scale * shipped + intercept + sum of moves * standardised
//! features`; each parameter pays for its distance from where it started. Newton's method with halved
//! steps: the loss is convex, so the result does not depend on luck, and the same questions give the
//! same coefficients to the last digit.

use crate::assistant::confidence::{FEATURES, Features, SHIPPED_ANSWERABLE};

/// Features, scale, intercept.
const PARAMETERS: usize = FEATURES + 2;

/// One question for the fit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Example {
    pub(super) features: Features,
    /// Answering it would be right.
    pub(super) right: bool,
    /// How much it counts.
    pub(super) weight: f64,
}

/// How dear a step away from the start is, for the moves of features, the scale and the intercept. In
/// the unit of questions: a price of 100 is outweighed by some hundreds of questions that agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    /// `None` keeps the features' shares of the shipped model as they are.
    pub(super) features: Option<f64>,
    pub(super) scale: f64,
    pub(super) intercept: f64,
}

/// Coefficients in the form that [`Features::named`] is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Model {
    pub(super) weights: [f64; FEATURES],
    pub(super) intercept: f64,
}

impl Model {
    pub(super) fn shipped() -> Self {
        let (weights, intercept) = Features::shipped();
        Self { weights, intercept }
    }

    /// The shipped one where this share of the questions has an answer: the odds of an answer move by as
    /// much as those of the share do (Saerens et al.: "Adjusting the outputs of a classifier to new a
    /// priori probabilities", 2002).
    pub(super) fn shipped_for(answerable: f64) -> Self {
        let odds = |share: f64| (share / (1.0 - share)).ln();
        let Self { weights, intercept } = Self::shipped();
        Self { weights, intercept: intercept + (odds(answerable) - odds(SHIPPED_ANSWERABLE)) }
    }

    /// Probability that a question with these features is answered rightly.
    pub(super) fn probability(&self, features: &Features) -> f64 {
        sigmoid(self.logit(features) - features.offset())
    }

    fn logit(&self, features: &Features) -> f64 {
        let named = features.named();
        let sum: f64 = named.iter().zip(self.weights).map(|((_, v), w)| v * w).sum();
        self.intercept + sum
    }
}

/// The model that explains `examples` best at this price, starting from `start`. Without examples of
/// both kinds it is `start`.
pub(super) fn fit(examples: &[Example], start: &Model, price: Price) -> Model {
    let total: f64 = examples.iter().map(|e| e.weight).sum();
    let right: f64 = examples.iter().filter(|e| e.right).map(|e| e.weight).sum();
    if !(right > 0.0 && right < total) {
        return *start;
    }
    let (mean, spread) = moments(examples, total);
    let rows: Vec<[f64; PARAMETERS]> = examples
        .iter()
        .map(|e| {
            let mut row = [0.0; PARAMETERS];
            for (i, (_, value)) in e.features.named().iter().enumerate() {
                // A feature that never changes here cannot be moved by what is seen here.
                row[i] = if spread[i] > 1e-9 { (value - mean[i]) / spread[i] } else { 0.0 };
            }
            row[FEATURES] = start.logit(&e.features);
            row[FEATURES + 1] = 1.0;
            row
        })
        .collect();
    let mut prices = [price.features.unwrap_or(1e9); PARAMETERS];
    prices[FEATURES] = price.scale;
    prices[FEATURES + 1] = price.intercept;
    let mut origin = [0.0; PARAMETERS];
    origin[FEATURES] = 1.0;
    let found = newton(examples, &rows, (&origin, &prices));

    let scale = found[FEATURES];
    let mut weights = start.weights.map(|w| w * scale);
    let mut intercept = start.intercept * scale + found[FEATURES + 1];
    for i in 0..FEATURES {
        if spread[i] > 1e-9 && price.features.is_some() {
            weights[i] += found[i] / spread[i];
            intercept -= found[i] * mean[i] / spread[i];
        }
    }
    Model { weights, intercept }
}

/// Weighted mean and standard deviation of each feature.
fn moments(examples: &[Example], total: f64) -> ([f64; FEATURES], [f64; FEATURES]) {
    let (mut mean, mut spread) = ([0.0; FEATURES], [0.0; FEATURES]);
    for e in examples {
        for (i, (_, value)) in e.features.named().iter().enumerate() {
            mean[i] += e.weight * value / total;
        }
    }
    for e in examples {
        for (i, (_, value)) in e.features.named().iter().enumerate() {
            spread[i] += e.weight * (value - mean[i]).powi(2) / total;
        }
    }
    (mean, spread.map(f64::sqrt))
}

fn newton(
    examples: &[Example],
    rows: &[[f64; PARAMETERS]],
    (origin, prices): (&[f64; PARAMETERS], &[f64; PARAMETERS]),
) -> [f64; PARAMETERS] {
    let loss = |at: &[f64; PARAMETERS]| {
        let wrong: f64 = examples
            .iter()
            .zip(rows)
            .map(|(e, row)| {
                let logit = dot(row, at) - e.features.offset();
                // ln(1 + exp(x)) without overflow
                let plus = logit.max(0.0) + (-logit.abs()).exp().ln_1p();
                e.weight * (plus - if e.right { logit } else { 0.0 })
            })
            .sum();
        let paid: f64 =
            (0..PARAMETERS).map(|i| prices[i] * (at[i] - origin[i]).powi(2) / 2.0).sum();
        wrong + paid
    };
    let mut at = *origin;
    let mut best = loss(&at);
    for _ in 0..100 {
        let mut gradient = [0.0; PARAMETERS];
        let mut curvature = [[0.0; PARAMETERS]; PARAMETERS];
        for (e, row) in examples.iter().zip(rows) {
            let p = sigmoid(dot(row, &at) - e.features.offset());
            let (slope, bend) = (p - f64::from(u8::from(e.right)), p * (1.0 - p));
            for i in 0..PARAMETERS {
                gradient[i] += e.weight * slope * row[i];
                for j in 0..=i {
                    curvature[i][j] += e.weight * bend * row[i] * row[j];
                }
            }
        }
        for i in 0..PARAMETERS {
            gradient[i] += prices[i] * (at[i] - origin[i]);
            curvature[i][i] += prices[i];
        }
        let lower = curvature;
        for (i, row) in lower.iter().enumerate() {
            for (j, value) in row.iter().enumerate().take(i) {
                curvature[j][i] = *value;
            }
        }
        let step = solve(curvature, gradient);
        let mut share = 1.0;
        let (next, lost) = loop {
            let mut next = at;
            for i in 0..PARAMETERS {
                next[i] -= share * step[i];
            }
            let lost = loss(&next);
            if lost <= best || share < 1e-9 {
                break (next, lost);
            }
            share /= 2.0;
        };
        let gain = best - lost;
        if gain.is_nan() || gain <= 1e-12 * best.abs().max(1.0) {
            break;
        }
        (at, best) = (next, lost);
    }
    at
}

/// Solves a symmetric positive definite system by Cholesky's method.
fn solve(
    mut matrix: [[f64; PARAMETERS]; PARAMETERS],
    mut right: [f64; PARAMETERS],
) -> [f64; PARAMETERS] {
    for i in 0..PARAMETERS {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - inner;
            matrix[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / matrix[j][j] };
        }
    }
    for i in 0..PARAMETERS {
        let inner: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - inner) / matrix[i][i];
    }
    for i in (0..PARAMETERS).rev() {
        let inner: f64 = (i + 1..PARAMETERS).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - inner) / matrix[i][i];
    }
    right
}

fn dot(a: &[f64; PARAMETERS], b: &[f64; PARAMETERS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOSE: Price = Price { features: None, scale: 1e-6, intercept: 1e-6 };

    /// Questions whose log-odds by the shipped model are spread around `middle`.
    fn examples(n: usize, scale: f64, shift: f64) -> Vec<Example> {
        (0..n)
            .flat_map(|i| {
                let cosine = 0.3 + 0.6 * (i as f64 + 0.5) / n as f64;
                let features = Features { cosine, spread: 0.3, length: 0.4, ..Features::default() };
                let truth = sigmoid(scale * features.shipped_logit() + shift);
                // Both outcomes with their probabilities as weights: the fit must find the truth.
                [(true, truth), (false, 1.0 - truth)].map(|(right, weight)| Example {
                    features,
                    right,
                    weight,
                })
            })
            .collect()
    }

    #[test]
    fn a_known_distortion_is_found() {
        let data = examples(200, 0.7, 1.3);
        let model = fit(&data, &Model::shipped(), LOOSE);
        for e in data.iter().filter(|e| e.right) {
            let found = model.probability(&e.features);
            assert!((found - e.weight).abs() < 1e-4, "{found} is not {}", e.weight);
        }
    }

    #[test]
    fn little_data_moves_little_and_much_moves_more() {
        let price = Price { features: Some(100.0), scale: 10.0, intercept: 1.0 };
        let moved = |n| {
            let data = examples(n, 1.0, 2.0);
            let model = fit(&data, &Model::shipped(), price);
            let middle = Features { cosine: 0.6, spread: 0.3, length: 0.4, ..Features::default() };
            (model.probability(&middle) - Model::shipped().probability(&middle)).abs()
        };
        assert!(moved(2) < moved(20) && moved(20) < moved(500), "{}", moved(2));
    }

    #[test]
    fn one_kind_alone_and_separable_data_end_well() {
        let mut data = examples(30, 1.0, 0.0);
        let price = Price { features: Some(1.0), scale: 0.1, intercept: 0.01 };
        for e in &mut data {
            e.right = e.features.cosine > 0.6;
        }
        let model = fit(&data, &Model::shipped(), price);
        assert!(model.weights.iter().all(|w| w.is_finite()) && model.intercept.is_finite());
        assert_eq!(model, fit(&data, &Model::shipped(), price), "not deterministic");
        data.retain(|e| e.right);
        assert_eq!(fit(&data, &Model::shipped(), price), Model::shipped());
        assert_eq!(fit(&[], &Model::shipped(), price), Model::shipped());
    }
}
