//! One list of findings out of many detectors' overlapping ones: sorted, disjoint, none lost.
//! Called by the redactor, and by detectors that ask whether a place is taken.

use std::ops::Range;

use super::redact::Finding;

/// Whether `range` touches one of `taken`, which is sorted and disjoint.
pub(super) fn overlaps_any(taken: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = taken.partition_point(|t| t.end <= range.start);
    taken.get(next).is_some_and(|t| t.start < range.end)
}

/// Overlapping findings become one that covers them all, so that no character of any is left. It has
/// the name of the best: the more certain sort first ([`rank`](super::PersonalDataKind)), then the longer.
pub(super) fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|f| f.range.start < f.range.end);
    findings.sort_by_key(|f| (f.range.start, std::cmp::Reverse(f.range.end), f.kind.rank()));
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for next in findings {
        match merged.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                let range = last.range.start..last.range.end.max(next.range.end);
                let key = |f: &Finding| (f.kind.rank(), std::cmp::Reverse(f.range.len()));
                if key(&next) < key(last) {
                    *last = next;
                }
                last.range = range;
            }
            _ => merged.push(next),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::PersonalDataKind as Kind;

    fn finding(range: Range<usize>, kind: Kind) -> Finding {
        Finding::new(range, kind, kind.label())
    }

    #[test]
    fn overlaps_become_one_finding_of_the_surer_sort() {
        let merged = merge(vec![
            finding(4..9, Kind::Phone),
            finding(0..6, Kind::Card),
            finding(12..14, Kind::Person),
        ]);
        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].range.clone(), merged[0].kind), (0..9, Kind::Card));
        assert_eq!(merged[1].range, 12..14);
    }

    #[test]
    fn touching_findings_stay_apart() {
        assert_eq!(merge(vec![finding(0..2, Kind::Phone), finding(2..4, Kind::Phone)]).len(), 2);
    }

    #[test]
    fn a_place_is_taken_when_one_byte_is_shared() {
        let taken = [2..4, 8..9];
        assert!(overlaps_any(&taken, &(0..3)));
        assert!(!overlaps_any(&taken, &(4..8)));
        assert!(overlaps_any(&taken, &(4..9)));
    }
}
