//! Comments in an article that allow a finding: `<!-- lint-allow: dead-link, expired; why -->`.
//!
//! Used by `run`. A comment counts for its own line; one that stands alone in its line counts for the
//! text below it up to the next empty line as well. A finding about the whole article (its front
//! matter, its length) is allowed from anywhere in the file. In front matter the comment is
//! `# lint-allow: ...`. What follows a `;` is for people.

use super::finding::{Finding, Position, Related};
use super::rule::Rule;

const MARK: &str = "lint-allow:";

/// The waivers of one file.
#[derive(Debug, Default)]
pub(super) struct Waivers {
    list: Vec<Waiver>,
    /// Names that are no rules, with their places.
    pub(super) unknown: Vec<(String, Position)>,
}

#[derive(Debug)]
struct Waiver {
    rule: Rule,
    at: Position,
    /// Last line that it counts for.
    until: usize,
}

impl Waivers {
    pub(super) fn read(raw: &str) -> Self {
        let mut waivers = Self::default();
        if !raw.contains(MARK) {
            return waivers;
        }
        let lines: Vec<&str> = raw.split('\n').collect();
        let ends = block_ends(&lines);
        for (i, line) in lines.iter().enumerate() {
            let Some((start, names, end)) = comment(line) else {
                continue;
            };
            let alone = line.get(..start).is_some_and(|t| t.trim().is_empty())
                && line.get(end..).is_none_or(|t| t.trim().is_empty());
            let below = ends.get(i + 1).copied().unwrap_or(lines.len());
            let until = if alone { below } else { i + 1 };
            let column = line.get(..start).map_or(0, |t| t.chars().count()) + 1;
            let at = Position { line: i + 1, column };
            for name in names.split([',', ' ', '\t']).filter(|n| !n.is_empty()) {
                match Rule::parse(name) {
                    Ok(rule) => waivers.list.push(Waiver { rule, at, until }),
                    Err(_) => waivers.unknown.push((name.chars().take(40).collect(), at)),
                }
            }
        }
        waivers
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Numbers of the waivers that allow a finding of this file.
    pub(super) fn of_finding(&self, finding: &Finding) -> Vec<usize> {
        self.matching(finding.rule, |w| finding.whole || w.covers(finding.at.line))
    }

    /// The same for a finding whose other place is in this file.
    pub(super) fn of_related(&self, rule: Rule, related: &Related, whole: bool) -> Vec<usize> {
        self.matching(rule, |w| whole || w.covers(related.at.line))
    }

    fn matching(&self, rule: Rule, covers: impl Fn(&Waiver) -> bool) -> Vec<usize> {
        let numbered = self.list.iter().enumerate();
        numbered.filter(|(_, w)| w.rule == rule && covers(w)).map(|(i, _)| i).collect()
    }

    /// Rule and place of a waiver.
    pub(super) fn get(&self, number: usize) -> Option<(Rule, Position)> {
        self.list.get(number).map(|w| (w.rule, w.at))
    }
}

impl Waiver {
    fn covers(&self, line: usize) -> bool {
        (self.at.line..=self.until).contains(&line)
    }
}

/// Start of the comment in the line, its names, and its end.
fn comment(line: &str) -> Option<(usize, &str, usize)> {
    let mark = line.find(MARK)?;
    let names_from = mark + MARK.len();
    let head = line.get(..mark)?.trim_end();
    let rest = line.get(names_from..)?;
    let (open, length, close) = if head.ends_with("<!--") {
        (head.len() - 4, rest.find("-->").unwrap_or(rest.len()), 3)
    } else if head.ends_with("{/*") {
        (head.len() - 3, rest.find("*/}").unwrap_or(rest.len()), 3)
    } else if head.trim_start() == "#" {
        (head.len() - 1, rest.len(), 0)
    } else {
        return None;
    };
    let inner = rest.get(..length)?;
    let names = inner.split(';').next().unwrap_or_default();
    Some((open, names, (names_from + length + close).min(line.len())))
}

/// For each line: last line (from 1) of the block that it belongs to or that comes next.
fn block_ends(lines: &[&str]) -> Vec<usize> {
    let mut ends = vec![lines.len(); lines.len()];
    let (mut end, mut inside) = (lines.len(), false);
    for (i, line) in lines.iter().enumerate().rev() {
        let text = !line.trim().is_empty();
        if text && !inside {
            end = i + 1;
        }
        inside = text;
        if let Some(slot) = ends.get_mut(i) {
            *slot = end;
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(raw: &str, line: usize) -> bool {
        let at = Position { line, column: 1 };
        let finding = Finding::new(Rule::DeadLink, "a.md", at, "m");
        !Waivers::read(raw).of_finding(&finding).is_empty()
    }

    #[test]
    fn on_the_line_and_above_the_block() {
        let raw = "text <!-- lint-allow: dead-link -->\nnext\n\n<!-- lint-allow: expired, dead-link; sold out -->\n\none\ntwo\n\nfree";
        let allowed: Vec<usize> = (1..=9).filter(|line| allows(raw, *line)).collect();
        assert_eq!(allowed, [1, 4, 5, 6, 7]);
        assert!(allows("{/* lint-allow: dead-link */}\nx", 2));
        assert!(!allows("lint-allow: dead-link\nx", 2));
    }

    #[test]
    fn whole_articles_are_allowed_from_front_matter() {
        let raw = "---\n# lint-allow: expired\ntitle: x\n---\n";
        let waivers = Waivers::read(raw);
        let finding =
            Finding::new(Rule::Expired, "a.md", Position { line: 9, column: 1 }, "m").whole();
        assert_eq!(waivers.of_finding(&finding), [0]);
        assert_eq!(waivers.get(0), Some((Rule::Expired, Position { line: 2, column: 1 })));
    }

    #[test]
    fn names_that_are_no_rules_are_kept_for_the_report() {
        let waivers = Waivers::read("a <!-- lint-allow: dead-lnk -->");
        assert_eq!(waivers.unknown, [("dead-lnk".to_owned(), Position { line: 1, column: 3 })]);
        assert_eq!(waivers.len(), 0);
    }
}
