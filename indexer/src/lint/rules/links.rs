//! `dead-link`, `dead-anchor`, `hidden-link`, `other-language-link`.
//!
//! Resolves addresses as the article page does: relative to the file or from the root, with or without
//! the extension; besides `/kb/<slug>`. Links to other hosts are not followed.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::markup::{Link, Target};
use super::super::rule::Rule;
use super::super::text::short;
use crate::language::edit_distance;
use crate::source::link_path::{EXTENSIONS, join, percent_decode};

const SHOWN: usize = 100;
/// Anchors that are compared with a wrong one.
const MAX_SUGGESTIONS: usize = 400;

pub(super) fn check(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    for link in &article.markup.links {
        out.extend(judge(corpus, article, link));
    }
}

fn judge(corpus: &Corpus<'_>, article: &Article, link: &Link) -> Option<Finding> {
    let find = |rule, message: String| {
        Finding::new(rule, article.path(), article.position(link.at), message)
    };
    let address = match &link.target {
        Target::Address(address) => address.trim(),
        Target::Undefined(label) => {
            let label = short(label, SHOWN);
            return Some(
                find(Rule::DeadLink, format!("the link [{label}] is defined nowhere"))
                    .hint(format!("add a line \"[{label}]: address\" at the end of the article")),
            );
        }
    };
    if is_elsewhere(address) || made_by_template(article, link, address) || address == "/" {
        return None;
    }
    let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
    let path = percent_decode(path.split('?').next().unwrap_or_default());
    let shown = short(address, SHOWN);
    if path.is_empty() {
        return if address.is_empty() {
            Some(
                find(Rule::DeadLink, "a link without an address".to_owned())
                    .hint("write the address between the round brackets"),
            )
        } else {
            dead_anchor(article, fragment).map(|hint| {
                find(Rule::DeadAnchor, format!("{shown} is no heading of this article")).hint(hint)
            })
        };
    }
    let target = match resolve(corpus, article, &path) {
        Found::Article(target) => target,
        Found::File => return None,
        Found::Nothing(hint) => {
            let what = if link.picture { "the picture" } else { "the link" };
            return Some(find(Rule::DeadLink, format!("{what} {shown} leads nowhere")).hint(hint));
        }
    };
    if let Some(why) = hidden(corpus, article, target) {
        return Some(
            find(Rule::HiddenLink, format!("{shown} leads to an article that {why}"))
                .hint("remove the link, or make both articles visible to the same readers"),
        );
    }
    if let Some(hint) = dead_anchor(target, fragment) {
        let message = format!("{} has no heading #{}", target.path(), short(fragment, SHOWN));
        return Some(find(Rule::DeadAnchor, message).hint(hint));
    }
    let own = article.language();
    if target.language() != own
        && let Some(twin) = corpus.twin(target, own)
        && !twin.document.meta.draft
    {
        let message = format!(
            "{shown} leads to the \"{}\" article; it exists in \"{own}\"",
            target.language()
        );
        return Some(
            find(Rule::OtherLanguageLink, message)
                .hint(format!("link to {}", relative(article.path(), twin.path()))),
        );
    }
    None
}

enum Found<'a> {
    Article(&'a Article),
    /// A file that is no article.
    File,
    /// Nothing, with advice.
    Nothing(String),
}

fn resolve<'a>(corpus: &'a Corpus<'_>, article: &Article, path: &str) -> Found<'a> {
    if let Some(slug) = path.strip_prefix("/kb/") {
        let slug = slug.trim_end_matches('/');
        return match corpus.by_address(slug) {
            Some(found) => Found::Article(found),
            None => Found::Nothing(format!(
                "no article has the slug \"{}\"; correct it, or link to the file",
                short(slug, SHOWN)
            )),
        };
    }
    let folder = article.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let Some(full) = join(folder, path) else {
        return Found::Nothing("it leaves the folder of the knowledge base".to_owned());
    };
    let named = EXTENSIONS.iter().find_map(|e| corpus.by_path(&format!("{full}{e}")));
    if let Some(found) = named {
        return Found::Article(found);
    }
    let inside = ["index", "README"].iter().find_map(|name| {
        EXTENSIONS.iter().skip(1).find_map(|e| corpus.by_path(&format!("{full}/{name}{e}")))
    });
    if let Some(found) = inside {
        return Found::Nothing(format!(
            "this is a folder; link to {}",
            relative(article.path(), found.path())
        ));
    }
    if corpus.root.join(&full).is_file() {
        return Found::File;
    }
    Found::Nothing(advice(corpus, article, &full))
}

/// A file of the same name elsewhere, if there is one.
fn advice(corpus: &Corpus<'_>, article: &Article, full: &str) -> String {
    let name = full.rsplit('/').next().unwrap_or(full);
    let stem = name.strip_suffix(".html").or(name.strip_suffix(".htm")).unwrap_or(name);
    let stem = if stem.len() < name.len() { format!("{stem}.md") } else { stem.to_owned() };
    let same = |candidate: &&Article| candidate.language() == article.language();
    let found = EXTENSIONS.iter().find_map(|e| {
        let name = format!("{stem}{e}");
        let named = || corpus.by_file_name(&name);
        named().find(same).or_else(|| named().next())
    });
    match found {
        Some(found) => format!("did you mean {}?", relative(article.path(), found.path())),
        None => "correct the address, or remove the link".to_owned(),
    }
}

/// Advice when `fragment` names nothing in `target`.
fn dead_anchor(target: &Article, fragment: &str) -> Option<String> {
    let wanted = percent_decode(fragment);
    let anchors = &target.markup.anchors;
    if wanted.is_empty() || wanted == "top" || anchors.contains(&wanted) {
        return None;
    }
    let headings = target.markup.headings.iter().take(MAX_SUGGESTIONS);
    let nearest = headings
        .map(|h| (distance(&wanted, &h.anchor), h.anchor.as_str()))
        .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    Some(match nearest {
        Some((distance, anchor)) if distance * 2 <= wanted.chars().count() => {
            format!("did you mean #{}?", short(anchor, SHOWN))
        }
        _ => "name a heading of the article, or leave the part from # out".to_owned(),
    })
}

/// Number of typing errors; anchors of one beginning are near each other.
fn distance(wanted: &str, anchor: &str) -> usize {
    let (wanted, anchor) = (wanted.to_lowercase(), anchor.to_lowercase());
    if !wanted.is_empty() && (anchor.starts_with(&wanted) || wanted.starts_with(&anchor)) {
        return 1;
    }
    if wanted.len().abs_diff(anchor.len()) > 8 || wanted.len() > 200 {
        return usize::MAX / 4;
    }
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    edit_distance(&chars(&wanted), &chars(&anchor))
}

/// Why readers of `article` may not see `target`.
fn hidden(corpus: &Corpus<'_>, article: &Article, target: &Article) -> Option<String> {
    let (own, other) = (&article.document.meta, &target.document.meta);
    if other.draft && !own.draft {
        return Some("is a draft".to_owned());
    }
    if corpus.expired(other) && !corpus.expired(own) {
        return Some("has expired".to_owned());
    }
    (other.audience > own.audience)
        .then(|| format!("only readers of the level \"{}\" may see", other.audience.as_str()))
}

/// Has a scheme or a host, or is filled in by a template.
fn is_elsewhere(address: &str) -> bool {
    let scheme = address.split([':', '/', '?', '#']).next().unwrap_or_default();
    let rest = address.get(scheme.len()..).unwrap_or_default();
    address.starts_with("//")
        || (rest.starts_with(':') && scheme.starts_with(|c: char| c.is_ascii_alphabetic()))
        || TEMPLATE_MARKS.iter().any(|mark| address.contains(mark))
}

const TEMPLATE_MARKS: [&str; 4] = ["{{", "{%", "${", "<%"];

/// Whether the address as the product reads it is not what the author wrote: `{{ site.mail }}` is
/// taken out before Markdown is read.
fn made_by_template(article: &Article, link: &Link, address: &str) -> bool {
    let line = article.raw_line(article.position(link.at).line);
    let filled = TEMPLATE_MARKS.iter().any(|mark| line.contains(mark));
    filled && (address.is_empty() || !line.contains(address))
}

/// The address of `to` in a link of `from`.
fn relative(from: &str, to: &str) -> String {
    let mut a: Vec<&str> = from.split('/').collect();
    a.pop();
    let b: Vec<&str> = to.split('/').collect();
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let up = a.len() - common;
    let down = b.get(common..).unwrap_or_default().join("/");
    format!("{}{down}", "../".repeat(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_resolve_and_lead_back() {
        for (folder, path, joined) in [
            ("help/en", "returns.md", Some("help/en/returns.md")),
            ("help/en", "./a/../b.md", Some("help/en/b.md")),
            ("help/de", "/policies/x.md", Some("policies/x.md")),
            ("help", "../../etc/passwd", None),
        ] {
            assert_eq!(join(folder, path).as_deref(), joined, "{folder} {path}");
        }
        assert_eq!(relative("help/lv/a.md", "help/en/b.md"), "../en/b.md");
        assert_eq!(relative("a.md", "b/c.md"), "b/c.md");
        assert_eq!(relative("x/a.md", "x/b.md"), "b.md");
        assert_eq!(percent_decode("a%20%C4%93%zz%+1"), "a ē%zz%+1");
    }

    #[test]
    fn other_hosts_and_templates_are_left_alone() {
        for address in ["https://a.example", "mailto:a@b", "//a.example", "tel:+1", "{{ site.x }}"]
        {
            assert!(is_elsewhere(address), "{address}");
        }
        for address in ["a.md", "a/b:c.md", "#x:y", ""] {
            assert!(!is_elsewhere(address), "{address}");
        }
    }
}
