//! Plots as inline SVG: reliability diagram, risk-coverage curve, bars with intervals.
//!
//! Called by the page of the report. Colours come from the page's style sheet by class, so that light,
//! dark and paper need no second drawing. Every plot has a title for readers of screens.

use std::fmt::Write as _;

use crate::evaluate::abstention::{Bin, RiskPoint};
use crate::evaluate::figures::Figure;
use crate::html::escaped;

/// Size of a square plot and the room of its axes, in SVG units.
const SIZE: f64 = 360.0;
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 44.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;

/// A square plot of two shares.
struct Square {
    svg: String,
    /// Value at the top of the vertical axis.
    top: f64,
}

impl Square {
    fn new(title: &str, (x, y): (&str, &str), top: f64) -> Self {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {SIZE} {SIZE}\" role=\"img\"><title>{}</title>",
            escaped(title)
        );
        let mut this = Self { svg: String::new(), top };
        for step in 0..=4u8 {
            let share = f64::from(step) / 4.0;
            let (px, py) = (this.x(share), this.y(share * top));
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{py:.1}\" y2=\"{py:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text class=\"tick\" x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                SIZE - RIGHT,
                LEFT - 6.0,
                py + 4.0,
                percent(share * top),
                SIZE - BOTTOM + 16.0,
                percent(share),
            );
        }
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"axis\" transform=\"translate(12 {:.1}) rotate(-90)\" \
             text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, SIZE - RIGHT),
            SIZE - 8.0,
            escaped(x),
            f64::midpoint(TOP, SIZE - BOTTOM),
            escaped(y),
        );
        this.svg = svg;
        this
    }

    fn x(&self, share: f64) -> f64 {
        LEFT + share.clamp(0.0, 1.0) * (SIZE - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        SIZE - BOTTOM - (value / self.top).clamp(0.0, 1.0) * (SIZE - TOP - BOTTOM)
    }

    fn line(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let at: Vec<String> =
            points.into_iter().map(|(x, y)| format!("{:.1},{:.1}", self.x(x), self.y(y))).collect();
        let _ = write!(self.svg, "<polyline class=\"{class}\" points=\"{}\"/>", at.join(" "));
    }

    fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64, title: &str) {
        let (x, y, title) = (self.x(x), self.y(y), escaped(title));
        let _ = write!(
            self.svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\">\
             <title>{title}</title></circle>"
        );
    }

    fn done(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

/// How often a confidence was right; a perfect one lies on the diagonal. The whiskers are Wilson's 95 %
/// intervals (Wilson: "Probable inference", JASA 1927).
pub(super) fn reliability(bins: &[Bin]) -> String {
    let axes = ("confidence shown", "share that was right");
    let mut plot = Square::new("Reliability diagram", axes, 1.0);
    plot.line("ideal", [(0.0, 0.0), (1.0, 1.0)]);
    for bin in bins {
        let (low, high) = wilson(bin.right, bin.questions as f64);
        plot.line("whisker", [(bin.confidence, low), (bin.confidence, high)]);
    }
    for bin in bins {
        let title = format!(
            "{} questions: {} shown, {} right",
            bin.questions,
            percent(bin.confidence),
            percent(bin.right)
        );
        plot.dot("point", (bin.confidence, bin.right), 4.5, &title);
    }
    plot.done()
}

/// Share of wrong answers when only the surest questions are answered. `now` is where the threshold in
/// effect stands.
pub(super) fn risk_coverage(curve: &[RiskPoint], now: Option<RiskPoint>) -> String {
    let most = curve.iter().map(|p| p.risk).fold(0.0, f64::max);
    // A round number above the curve, so that the ticks are round too.
    let top = [0.04, 0.1, 0.2, 0.4].into_iter().find(|t| *t >= most).unwrap_or(1.0);
    let axes = ("share of questions answered", "share of answers that are wrong");
    let mut plot = Square::new("Risk-coverage curve", axes, top);
    plot.line("allowed", [(0.0, 0.05), (1.0, 0.05)].map(|(x, y): (f64, f64)| (x, y.min(top))));
    plot.line("curve", curve.iter().map(|p| (p.coverage, p.risk)));
    if let Some(now) = now {
        let title = format!(
            "threshold {:.2}: {} answered, {} of them wrong",
            now.threshold,
            percent(now.coverage),
            percent(now.risk)
        );
        plot.dot("now", (now.coverage, now.risk), 6.0, &title);
    }
    plot.done()
}

/// Bars of several figures for each group; the whiskers are their intervals.
pub(super) fn bars(title: &str, groups: &[(String, Vec<Option<&Figure>>)]) -> String {
    const HEIGHT: f64 = 260.0;
    const BAR: f64 = 18.0;
    let each = groups.iter().map(|g| g.1.len()).max().unwrap_or(0) as f64 * BAR + 22.0;
    let width = LEFT + RIGHT + each * groups.len() as f64;
    let base = HEIGHT - BOTTOM;
    let y = |value: f64| base - value.clamp(0.0, 1.0) * (base - TOP);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width:.0} {HEIGHT}\" role=\"img\" style=\"max-width:{width:.0}px\">\
         <title>{}</title>",
        escaped(title)
    );
    for step in 0..=4u8 {
        let share = f64::from(step) / 4.0;
        let at = y(share);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.2}</text>",
            width - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
    }
    for (g, (name, figures)) in groups.iter().enumerate() {
        let start = LEFT + 11.0 + each * g as f64;
        for (i, figure) in figures.iter().enumerate() {
            let Some(figure) = figure else { continue };
            let x = start + BAR * i as f64;
            let top = y(figure.value);
            let _ = write!(
                svg,
                "<rect class=\"bar{i}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" \
                 height=\"{:.1}\"><title>{} {}: {:.3}</title></rect>",
                BAR - 3.0,
                base - top,
                escaped(name),
                escaped(figure.name),
                figure.value
            );
            if let Some(interval) = figure.interval {
                let middle = x + (BAR - 3.0) / 2.0;
                let (low, high) = (y(interval.low), y(interval.high));
                let _ = write!(
                    svg,
                    "<line class=\"whisker\" x1=\"{middle:.1}\" x2=\"{middle:.1}\" y1=\"{low:.1}\" \
                     y2=\"{high:.1}\"/>"
                );
            }
        }
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            start + (each - 22.0) / 2.0,
            base + 18.0,
            escaped(name)
        );
    }
    svg.push_str("</svg>");
    svg
}

fn wilson(share: f64, n: f64) -> (f64, f64) {
    const Z: f64 = 1.96;
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// `0.5` as `50 %`; one decimal below ten per cent, where it matters.
pub(super) fn percent(share: f64) -> String {
    let hundred = share * 100.0;
    if hundred < 9.95 && (hundred - hundred.round()).abs() > 0.05 {
        format!("{hundred:.1} %")
    } else {
        format!("{hundred:.0} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_as_people_do() {
        assert_eq!(
            [0.0, 0.03, 0.034, 0.5, 0.996, 1.0].map(percent),
            ["0 %", "3 %", "3.4 %", "50 %", "100 %", "100 %"]
        );
    }

    #[test]
    fn the_whiskers_are_wilsons() {
        let (low, high) = wilson(0.5, 10.0);
        assert!((low - 0.2366).abs() < 1e-3 && (high - 0.7634).abs() < 1e-3, "{low} {high}");
        assert!(wilson(1.0, 5.0).1 <= 1.0 && wilson(0.0, 5.0).0 >= 0.0);
    }

    #[test]
    fn a_better_confidence_is_drawn_higher_and_words_are_escaped() {
        let bins = [(0.0, 0.0), (1.0, 1.0)].map(|(confidence, right)| Bin {
            questions: 4,
            confidence,
            right,
        });
        let svg = reliability(&bins);
        assert!(
            svg.contains("cx=\"52.0\" cy=\"316.0\"") && svg.contains("cx=\"348.0\" cy=\"12.0\"")
        );
        let figure = Figure { name: "recall5", value: 0.5, interval: None };
        let svg = bars("t", &[("<b>".to_owned(), vec![Some(&figure), None])]);
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
    }
}
