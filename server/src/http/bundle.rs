//! The widget's modules as one script, made once in the process that serves it: no tool and no file that
//! could grow stale stands between the sources in `web/widget/` and what a browser runs.
//!
//! Every module becomes a function of its own that returns what it exports, so that no name of one
//! meets a name of another. Comments and indentation go; names stay, because Brotli does the rest.

use std::fmt::Write as _;

/// One source file.
pub(super) struct Module {
    /// `dom`, as in `import { h } from "./dom.js"`.
    pub(super) name: &'static str,
    pub(super) source: &'static str,
}

/// The modules, each after those it imports.
const MODULES: [Module; 14] = [
    Module { name: "sse", source: include_str!("../web/widget/sse.js") },
    Module { name: "api", source: include_str!("../web/widget/api.js") },
    Module { name: "session", source: include_str!("../web/widget/session.js") },
    Module { name: "words", source: include_str!("../web/widget/words.js") },
    Module { name: "dom", source: include_str!("../web/widget/dom.js") },
    Module { name: "colour", source: include_str!("../web/widget/colour.js") },
    Module { name: "announce", source: include_str!("../web/widget/announce.js") },
    Module { name: "stream", source: include_str!("../web/widget/stream.js") },
    Module { name: "conversation", source: include_str!("../web/widget/conversation.js") },
    Module { name: "reader", source: include_str!("../web/widget/reader.js") },
    Module { name: "log", source: include_str!("../web/widget/log.js") },
    Module { name: "cards", source: include_str!("../web/widget/cards.js") },
    Module { name: "panel", source: include_str!("../web/widget/panel.js") },
    Module { name: "main", source: include_str!("../web/widget/main.js") },
];

const STYLE: &str = include_str!("../web/widget/style.css");

/// The whole widget as a classic script.
pub(super) fn widget() -> String {
    let style = serde_json::Value::from(shorten_style(STYLE)).to_string();
    let mut out = format!("(()=>{{\"use strict\";const $style={{STYLE:{style}}};\n");
    for module in &MODULES {
        let _ = write!(out, "const ${}=(()=>{{\n{}}})();\n", module.name, body(module.source));
    }
    out.push_str("})();\n");
    out
}

/// A module's code with its imports taken from the other modules, and its exports returned.
fn body(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut exports: Vec<&str> = Vec::new();
    let code = without_comments(source);
    for line in code.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some((names, from)) =
            line.strip_prefix("import ").and_then(|l| l.split_once(" from \"./"))
        {
            let from = from.trim_end_matches([';', '"']).trim_end_matches(".js");
            let _ = writeln!(out, "const {names}=${from};");
            continue;
        }
        let line = match line.strip_prefix("export ") {
            None => line,
            Some(rest) => {
                exports.extend(declared(rest));
                rest
            }
        };
        out.push_str(line);
        out.push('\n');
    }
    let _ = writeln!(out, "return{{{}}}", exports.join(","));
    out
}

/// Name of a declaration: `h` of `function h(tag)`.
fn declared(code: &str) -> Option<&str> {
    let rest = ["async function* ", "async function ", "function ", "class ", "const "]
        .into_iter()
        .find_map(|kind| code.strip_prefix(kind))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()
}

/// JavaScript without its comments. Knows strings, templates and regular expressions, in which `//`
/// means something else.
fn without_comments(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    // The start of what is not copied yet.
    let mut from = 0;
    // The last character that is neither space nor comment: tells a division from an expression.
    let mut before = b';';
    // Open braces since each open `${`.
    let mut templates: Vec<usize> = Vec::new();
    while at < bytes.len() {
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            b'/' if next == Some(b'/') => {
                out.push_str(&source[from..at]);
                at += source[at..].find('\n').unwrap_or(source.len() - at);
                from = at;
                continue;
            }
            b'/' if next == Some(b'*') => {
                out.push_str(&source[from..at]);
                at += source[at..].find("*/").map_or(source.len() - at, |end| end + 2);
                from = at;
                continue;
            }
            quote @ (b'"' | b'\'') => at = end_of_string(bytes, at, quote),
            b'/' if b"(,=:[!&|?{};+".contains(&before) => at = end_of_expression(bytes, at),
            b'`' => at = end_of_template(bytes, at + 1, &mut templates),
            b'{' => {
                if let Some(open) = templates.last_mut() {
                    *open += 1;
                }
                at += 1;
            }
            b'}' => match templates.last_mut() {
                Some(0) => {
                    templates.pop();
                    at = end_of_template(bytes, at + 1, &mut templates);
                }
                Some(open) => {
                    *open -= 1;
                    at += 1;
                }
                None => at += 1,
            },
            _ => at += 1,
        }
        let last = bytes[at.min(bytes.len()) - 1];
        if !last.is_ascii_whitespace() {
            before = last;
        }
    }
    out.push_str(&source[from..]);
    out
}

/// Behind the string that starts at `at`.
fn end_of_string(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != quote {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// Behind the regular expression that starts at `at`.
fn end_of_expression(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    let mut class = false;
    while end < bytes.len() && (class || bytes[end] != b'/') {
        match bytes[end] {
            b'\\' => end += 1,
            b'[' => class = true,
            b']' => class = false,
            _ => {}
        }
        end += 1;
    }
    (end + 1).min(bytes.len())
}

/// Behind the piece of a template from `at` on: at its end, or within its next `${`.
fn end_of_template(bytes: &[u8], at: usize, templates: &mut Vec<usize>) -> usize {
    let mut end = at;
    while end < bytes.len() {
        match bytes[end] {
            b'`' => return end + 1,
            b'$' if bytes.get(end + 1) == Some(&b'{') => {
                templates.push(0);
                return end + 2;
            }
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// A style sheet without comments and line breaks.
fn shorten_style(style: &str) -> String {
    let mut out = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, tail)) = rest.split_once("/*") {
        out.push_str(before);
        rest = tail.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_what_only_looks_like_one_stays() {
        for (source, wanted) in [
            ("a = 1; // b\nc", "a = 1; \nc"),
            ("a /* b\n */ c", "a  c"),
            ("s = \"// no\" + '/* no */'", "s = \"// no\" + '/* no */'"),
            (
                "t = `// ${a ? `/* ${b} */` : { c: 1 }.c} // no`; // yes",
                "t = `// ${a ? `/* ${b} */` : { c: 1 }.c} // no`; ",
            ),
            ("r = /[/]\\/\\/ x/g; d = a / b; // c", "r = /[/]\\/\\/ x/g; d = a / b; "),
            ("f(/\"/, 1) // \"", "f(/\"/, 1) "),
        ] {
            assert_eq!(without_comments(source), wanted);
        }
    }

    #[test]
    fn imports_and_exports_become_plain_names() {
        let code = body(
            "// A.\nimport { h, icon } from \"./dom.js\";\nexport class A {}\nexport const b = 1;\nexport async function* c() {}\n",
        );
        assert_eq!(
            code,
            "const { h, icon }=$dom;\nclass A {}\nconst b = 1;\nasync function* c() {}\nreturn{A,b,c}\n"
        );
    }

    #[test]
    fn every_module_is_in_the_bundle_after_those_it_imports() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/widget");
        let files = fs_err::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> =
            files.filter_map(|f| f.strip_suffix(".js").map(str::to_owned)).collect();
        files.sort();
        let mut names: Vec<_> = MODULES.iter().map(|m| m.name.to_owned()).collect();
        names.sort();
        assert_eq!(files, names);
        let mut known = vec!["style"];
        for module in &MODULES {
            for line in module.source.lines().filter(|l| l.starts_with("import ")) {
                let from = line.split("\"./").nth(1).and_then(|f| f.strip_suffix(".js\";"));
                let from = from.unwrap_or_else(|| panic!("{}: {line}", module.name));
                assert!(known.contains(&from), "{} imports {from} before it is there", module.name);
            }
            known.push(module.name);
        }
    }
}
