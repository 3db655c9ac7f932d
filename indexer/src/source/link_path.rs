//! Where a relative link of an article leads: used by the rendered article and by `lint`, so that a link
//! which lint accepts is one that the page follows.

use percent_encoding::percent_decode_str;

/// Extensions that a link may leave out.
pub const EXTENSIONS: [&str; 4] = ["", ".md", ".markdown", ".mdx"];

/// `path` as seen from `folder`, both `/`-separated; `None` when it leaves the root. A leading `/` is
/// the root.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> =
        if path.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    parts.retain(|p| !p.is_empty());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `%C4%93` to `ē`; what does not decode to text stays as it is.
pub fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), |t| t.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_within_the_root() {
        for (folder, path, joined) in [
            ("help/en", "returns.md", Some("help/en/returns.md")),
            ("help/en", "./a/../b.md", Some("help/en/b.md")),
            ("help/de", "../en/x.md", Some("help/en/x.md")),
            ("help/de", "/policies/en/x.md", Some("policies/en/x.md")),
            ("", "x.md", Some("x.md")),
            ("help", "../../etc/passwd", None),
        ] {
            assert_eq!(join(folder, path).as_deref(), joined, "{folder} {path}");
        }
    }

    #[test]
    fn escapes_decode_once() {
        assert_eq!(percent_decode("a%20b%C4%93%2520%"), "a bē%20%");
        assert_eq!(percent_decode("%zz%ff"), "%zz%ff");
    }
}
