//! The few special functions that honest statements on small samples need: the regularised incomplete
//! beta function, the Clopper-Pearson bound and the exact binomial test on it.
//!
//! Called by `compare` and `calibrate`. Pure functions, accurate to about 1e-12 for samples up to a
//! million.

/// Natural logarithm of the gamma function for x > 0. Lanczos' approximation with g = 7 and nine terms
/// (Press et al.: "Numerical Recipes", 3rd edition, section 6.1, describes the method).
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum: f64 = FIRST + (1u32..).zip(TERMS).map(|(i, c)| c / (x + f64::from(i))).sum::<f64>();
    let t = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The regularised incomplete beta function I_x(a, b), [0, 1], for a, b > 0: the probability that a
/// beta variable lies below x. Continued fraction by Lentz's method (Press et al., section 6.4).
pub(super) fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    // The fraction converges fast on one side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        (front * fraction(x, a, b) / a).clamp(0.0, 1.0)
    } else {
        (1.0 - front * fraction(1.0 - x, b, a) / b).clamp(0.0, 1.0)
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS: u32 = 10_000;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..=STEPS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// Upper bound of a share, [0, 1]: with this `certainty` the true share of errors is not above it,
/// after `errors` among `n` independent trials. Clopper and Pearson: "The use of confidence or fiducial
/// limits illustrated in the case of the binomial", Biometrika 1934. 1 without trials.
pub(super) fn upper_bound(errors: usize, n: usize, certainty: f64) -> f64 {
    if errors >= n {
        return 1.0;
    }
    let (a, b) = (errors as f64 + 1.0, (n - errors) as f64);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(middle, a, b) < certainty {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How many trials in all are needed before `errors` errors keep [`upper_bound`] within `allowed`.
/// `None` when a million are not enough or `allowed` is no share above 0.
pub(super) fn trials_needed(errors: usize, allowed: f64, certainty: f64) -> Option<usize> {
    const MOST: usize = 1_000_000;
    let enough = |n| upper_bound(errors, n, certainty) <= allowed;
    if !(allowed > 0.0 && enough(MOST)) {
        return None;
    }
    let (mut short, mut long) = (errors, MOST);
    while long - short > 1 {
        let middle = usize::midpoint(short, long);
        if enough(middle) { long = middle } else { short = middle }
    }
    Some(long)
}

/// Two-sided p-value of `a` against `b` changes when either direction is as likely: the exact test of
/// McNemar: "Note on the sampling error of the difference between correlated proportions",
/// Psychometrika 1947.
pub(super) fn mcnemar(a: usize, b: usize) -> f64 {
    let (few, n) = (a.min(b), a + b);
    if n == 0 || few * 2 == n {
        return 1.0;
    }
    // P(X <= few) for X ~ Binomial(n, 1/2)
    let tail = incomplete_beta(0.5, (n - few) as f64, few as f64 + 1.0);
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, within: f64) {
        assert!((a - b).abs() < within, "{a} is not {b}");
    }

    #[test]
    fn gamma_is_the_factorial() {
        close(ln_gamma(1.0), 0.0, 1e-13);
        close(ln_gamma(11.0), 3_628_800f64.ln(), 1e-11);
        close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-13);
    }

    #[test]
    fn beta_by_hand() {
        // I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a, I_1/2(a, a) = 1/2
        close(incomplete_beta(0.3, 1.0, 5.0), 1.0 - 0.7f64.powi(5), 1e-14);
        close(incomplete_beta(0.9, 3.0, 1.0), 0.729, 1e-14);
        close(incomplete_beta(0.5, 1234.0, 1234.0), 0.5, 1e-10);
        // 10 x^3 - 15 x^4 + 6 x^5
        close(incomplete_beta(0.4, 3.0, 3.0), 0.317_44, 1e-13);
        close(incomplete_beta(0.0, 2.0, 3.0) + incomplete_beta(1.0, 2.0, 3.0), 1.0, 1e-15);
    }

    #[test]
    fn clopper_and_pearson_by_known_values() {
        // without an error: 1 - (1 - certainty)^(1/n)
        close(upper_bound(0, 59, 0.95), 1.0 - 0.05f64.powf(1.0 / 59.0), 1e-12);
        // 0 of 10 and 1 of 10, one-sided 97.5 %: the tables of the two-sided 95 % interval
        close(upper_bound(0, 10, 0.975), 0.308_497_1, 1e-6);
        close(upper_bound(1, 10, 0.975), 0.445_016_1, 1e-6);
        close(upper_bound(5, 100, 0.975), 0.112_834_9, 1e-6);
        close(upper_bound(10, 10, 0.95), 1.0, 1e-15);
        close(upper_bound(0, 0, 0.95), 1.0, 1e-15);
    }

    #[test]
    fn the_known_sample_sizes_for_five_per_cent() {
        let needed = |errors| trials_needed(errors, 0.05, 0.95).unwrap();
        assert_eq!([needed(0), needed(1), needed(3)], [59, 93, 153]);
        assert_eq!(trials_needed(0, 0.0, 0.95), None);
        assert_eq!(trials_needed(900_000, 0.05, 0.95), None);
    }

    #[test]
    fn mcnemar_by_hand() {
        close(mcnemar(0, 0), 1.0, 1e-15);
        close(mcnemar(3, 3), 1.0, 1e-15);
        close(mcnemar(0, 5), 2.0 / 32.0, 1e-13);
        close(mcnemar(6, 0), 2.0 / 64.0, 1e-13);
        // 2 (1 + 10) / 2^10
        close(mcnemar(1, 9), 22.0 / 1024.0, 1e-13);
    }
}
