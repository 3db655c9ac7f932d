//! What a difference means and what to do about it, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexer::publish::{Drift, DriftKind, Place};

use super::output::{LIST, plain};

/// Differences by kind: what it means, what to do, and the first documents that it touches.
pub(super) fn text(drifts: &[Drift]) -> String {
    let mut groups: BTreeMap<(Place, DriftKind), Vec<&Drift>> = BTreeMap::new();
    for drift in drifts {
        groups.entry((drift.place, drift.kind)).or_default().push(drift);
    }
    let mut out = String::new();
    for ((place, kind), group) in groups {
        let _ = writeln!(out, "{}", headline(place, kind, group.len()));
        let _ = writeln!(out, "  -> {}", remedy(kind));
        for drift in group.iter().take(LIST) {
            let line = line(drift);
            if !line.is_empty() {
                let _ = writeln!(out, "     {line}");
            }
        }
        if group.len() > LIST {
            let _ = writeln!(out, "     and {} more", group.len() - LIST);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn headline(place: Place, kind: DriftKind, count: usize) -> String {
    let index = match place {
        Place::Keyword => "The keyword index",
        Place::Vectors => "The vector index",
        Place::Catalog => "The catalog",
        Place::Folder => "The folder",
    };
    let plural = |one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match kind {
        DriftKind::Unusable => format!("{index} does not open: nothing can be searched."),
        DriftKind::Absent => format!("{index} is not there: its folder is missing."),
        DriftKind::Missing => {
            format!("{index} lacks {}: searches do not find them there.", plural("live passage"))
        }
        DriftKind::Surplus => {
            let entries = if count == 1 { "entry that is" } else { "entries that are" };
            format!(
                "{index} holds {count} {entries} not live: invisible to searches, only in the way."
            )
        }
        DriftKind::OtherModel => format!(
            "{index} was built with another embedding model than the configured one: searches \
             cannot use its vectors."
        ),
        DriftKind::NoVector => format!(
            "{index} has no vector for {}: searches by meaning do not find them.",
            plural("live passage")
        ),
        DriftKind::WrongLength => format!(
            "{index} has a vector of the wrong length for {}: something else wrote to it.",
            plural("live passage")
        ),
        DriftKind::Misfiled => format!(
            "{index} holds {} under another audience, language, tag or date than the articles have: \
             searches may show them to the wrong reader.",
            plural("live passage")
        ),
        DriftKind::Altered => format!(
            "{index} holds another text than was indexed for {}: something else wrote to it.",
            plural("live passage")
        ),
        DriftKind::Added => {
            format!("{index} has {} that nobody can find yet.", plural("new document"))
        }
        DriftKind::Changed => {
            format!("{index} has {}: searches still see the old text.", plural("edited document"))
        }
        DriftKind::Retired => {
            format!("{index} has lost {} that searches still find.", plural("document"))
        }
    }
}

fn remedy(kind: DriftKind) -> &'static str {
    match kind {
        DriftKind::Unusable
        | DriftKind::Absent
        | DriftKind::Missing
        | DriftKind::Surplus
        | DriftKind::NoVector
        | DriftKind::WrongLength
        | DriftKind::Misfiled => "run the same command with --repair",
        DriftKind::OtherModel => {
            "run `atbilde-indexer build` to move to the new model, or configure the old one again"
        }
        DriftKind::Altered => {
            "build into a new --data folder, and look at the disk of this one; a backup helps too"
        }
        DriftKind::Added | DriftKind::Changed | DriftKind::Retired => {
            "run `atbilde-indexer build` with the same folders"
        }
    }
}

fn line(drift: &Drift) -> String {
    let path = drift.path.as_deref().map(|p| plain(p, 200)).unwrap_or_default();
    match (path.is_empty(), drift.passage) {
        (_, None) => path,
        (true, Some(id)) => format!("passage {id}"),
        (false, Some(id)) => format!("{path}, passage {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drift(place: Place, kind: DriftKind, path: &str) -> Drift {
        Drift { place, kind, passage: None, path: Some(path.to_owned()) }
    }

    #[test]
    fn each_kind_is_said_once_with_its_remedy_and_documents() {
        let mut drifts: Vec<Drift> = (0..22)
            .map(|i| drift(Place::Folder, DriftKind::Added, &format!("en/{i}.md")))
            .collect();
        drifts.push(drift(Place::Vectors, DriftKind::Missing, "lv/a.md"));
        assert_eq!(
            text(&drifts[22..]),
            "\
The vector index lacks 1 live passage: searches do not find them there.
  -> run the same command with --repair
     lv/a.md"
        );
        let all = text(&drifts);
        assert!(all.contains("The folder has 22 new documents that nobody can find yet."), "{all}");
        assert!(all.contains("en/19.md\n     and 2 more"), "{all}");
        assert!(all.contains("run `atbilde-indexer build`"), "{all}");
    }

    #[test]
    fn an_entry_for_other_readers_is_called_so_and_can_be_mended() {
        let text = text(&[drift(Place::Vectors, DriftKind::Misfiled, "en/safe.md")]);
        assert!(
            text.starts_with("The vector index holds 1 live passage under another audience"),
            "{text}"
        );
        assert!(text.contains("wrong reader.\n  -> run the same command with --repair"), "{text}");
    }

    #[test]
    fn surplus_entries_are_counted_in_words() {
        let one =
            Drift { place: Place::Keyword, kind: DriftKind::Surplus, passage: None, path: None };
        let text = text(&[one.clone(), one]);
        assert!(text.contains("holds 2 entries that are not live"), "{text}");
    }
}
