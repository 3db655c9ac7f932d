//! Block extensions of Markdown dialects, line by line: MDX `import`/`export`, Docusaurus and VuePress
//! `:::note` containers, MkDocs `!!! note` and `??? note`.
//!
//! Called by `document` before `templates`. Containers become ordinary Markdown with their title in
//! bold; the bare word "note" is not made up as text. Fenced code is left alone; a marker that is
//! indented counts only inside a list.

/// Longest `export` statement in lines; beyond it only its first line is taken out.
const MAX_STATEMENT_LINES: usize = 300;

/// Plain Markdown of `body`. Linear in its length.
pub(super) fn rewrite(body: &str) -> String {
    let interesting = ["import", "export", ":::", "!!!", "???"];
    if !interesting.iter().any(|m| body.contains(m)) {
        return body.to_owned();
    }
    let lines: Vec<&str> = body.split_inclusive('\n').collect();
    let mut out = String::with_capacity(body.len());
    let mut state = State::default();
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        i += 1;
        let line = state.dedent(line);
        let bare = line.trim();
        if state.fence(line) {
            out.push_str(line);
        } else if state.after_blank && is_statement(line) {
            i += statement_lines(lines.get(i - 1..).unwrap_or_default()) - 1;
            out.push('\n');
            continue;
        } else if let Some(title) = state.marker(line) {
            let pad: String = line.chars().take_while(|c| *c == ' ').collect();
            let title = bold(title);
            out.push('\n');
            if !title.is_empty() {
                out.push_str(&format!("{pad}{title}\n\n"));
            }
        } else {
            out.push_str(line);
        }
        state.after_blank = bare.is_empty();
    }
    out
}

struct State {
    /// Character and length of the open code fence.
    open: Option<(char, usize)>,
    /// Columns to remove inside an MkDocs admonition.
    margins: Vec<usize>,
    in_list: bool,
    after_blank: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { open: None, margins: Vec::new(), in_list: false, after_blank: true }
    }
}

impl State {
    /// Removes the indentation of admonitions and closes those that end before this line.
    fn dedent<'a>(&mut self, line: &'a str) -> &'a str {
        if line.trim().is_empty() {
            return line;
        }
        let indent = indentation(line);
        while self.margins.last().is_some_and(|m| indent < *m) {
            self.margins.pop();
        }
        let margin = self.margins.last().copied().unwrap_or(0);
        let mut column = 0;
        let cut = line.find(|c: char| {
            column += if c == '\t' { 4 } else { 1 };
            column > margin
        });
        line.get(cut.unwrap_or(0)..).unwrap_or(line)
    }

    /// Whether the line belongs to fenced code, its fences included. Keeps track of lists too.
    fn fence(&mut self, line: &str) -> bool {
        let bare = line.trim_start_matches([' ', '\t', '>']).trim_end();
        let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |m| bare.chars().take_while(|c| *c == m).count());
        match (self.open, mark) {
            (Some((open, n)), Some(m)) if open == m && length >= n && bare.len() == length => {
                self.open = None;
                return true;
            }
            (Some(_), _) => return true,
            (None, Some(m))
                if length >= 3 && !(m == '`' && bare.trim_start_matches('`').contains('`')) =>
            {
                self.open = Some((m, length));
                return true;
            }
            _ => {}
        }
        if is_list_item(line.trim_start()) {
            self.in_list = true;
        } else if !line.starts_with([' ', '\t', '\n']) && !line.is_empty() {
            self.in_list = false;
        }
        false
    }

    /// Title of a container that opens here; empty for one without title and for a closing line.
    fn marker<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let indent = indentation(line);
        if indent > 3 && !self.in_list {
            return None;
        }
        let bare = line.trim();
        if bare.starts_with(":::") {
            return container(bare.trim_start_matches(':'));
        }
        let rest = ["!!!", "???+", "???"].iter().find_map(|m| bare.strip_prefix(m))?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let (kinds, title) = match rest.split_once('"') {
            Some((kinds, title)) => (kinds, title.trim_end().trim_end_matches('"')),
            None => (rest, ""),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_');
        if kinds.trim().is_empty()
            || !kinds.chars().all(plain)
            || (title.is_empty() && kinds.trim().contains("  "))
        {
            return None;
        }
        // A sentence that starts with exclamation marks has more than a kind or two.
        if kinds.split_whitespace().count() > 3 {
            return None;
        }
        let outer = self.margins.last().copied().unwrap_or(0);
        self.margins.push(outer + indent + 4);
        Some(title)
    }
}

/// `tip Title`, `tip[Title]`, `note{.x}`, ` warning Title` or nothing after the colons.
fn container(rest: &str) -> Option<&str> {
    let rest = rest.trim();
    if rest.is_empty() {
        return Some("");
    }
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        .unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    if name.is_empty() && !tail.starts_with('{') {
        return None;
    }
    let tail = tail.trim();
    if let Some(title) = tail.strip_prefix('[') {
        return Some(title.split(']').next().unwrap_or_default());
    }
    Some(tail.split('{').next().unwrap_or_default().trim())
}

fn bold(title: &str) -> String {
    let title = title.trim();
    if title.is_empty() || title.contains(['*', '`', '\\']) {
        return title.to_owned();
    }
    format!("**{title}**")
}

fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum()
}

fn is_list_item(bare: &str) -> bool {
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let rest = bare.get(digits..).unwrap_or_default();
    match digits {
        0 => bare.starts_with("- ") || bare.starts_with("* ") || bare.starts_with("+ "),
        _ => digits < 10 && (rest.starts_with(". ") || rest.starts_with(") ")),
    }
}

/// A line of program code as MDX has it, told from prose by its form.
fn is_statement(line: &str) -> bool {
    let line = line.trim_end();
    if let Some(rest) = line.strip_prefix("import ") {
        let quoted = rest.trim_end_matches(';').ends_with(['"', '\'']);
        let named = rest.contains(" from ") || rest.starts_with(['"', '\'']);
        return (quoted && named) || rest.trim_end() == "{";
    }
    let Some(rest) = line.strip_prefix("export ") else {
        return false;
    };
    let word = rest.split([' ', '(', '{']).next().unwrap_or_default();
    match word {
        "const" | "let" | "var" => rest.contains('='),
        "default" | "function" | "async" | "class" => rest.contains(['{', '(', ';']),
        "" => rest.starts_with('{'),
        "*" => true,
        _ => false,
    }
}

/// Number of lines until the brackets of a statement are closed.
fn statement_lines(lines: &[&str]) -> usize {
    let mut depth = 0_i64;
    for (i, line) in lines.iter().take(MAX_STATEMENT_LINES).enumerate() {
        for c in line.chars() {
            match c {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth -= 1,
                _ => {}
            }
        }
        if depth <= 0 {
            return i + 1;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(body: &str) -> String {
        rewrite(body).lines().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn statements_go_prose_stays() {
        assert_eq!(
            flat(
                "import A from \"a\";\nimport {\n  B,\n} from 'b'\n\nexport const x = {\n  a: 1,\n\n  b: 2,\n};\n\n# T\n\nimport duties from Norway\n\nexport goods\n"
            ),
            "# T\nimport duties from Norway\nexport goods"
        );
        assert_eq!(flat("text\nimport A from \"a\"\n"), "text\nimport A from \"a\"");
    }

    #[test]
    fn containers_of_three_dialects() {
        assert_eq!(flat(":::tip Title\n\nword\n\n:::\nafter"), "**Title**\nword\nafter");
        assert_eq!(
            flat("::: warning\nword\n:::\n::::note[Big *x*]{.c}\nb\n::::"),
            "word\nBig *x*\nb"
        );
        assert_eq!(
            flat("!!! note \"Mind\"\n    one\n\n    two\nthree"),
            "**Mind**\none\ntwo\nthree"
        );
        assert_eq!(flat("??? tip\n    ```\n    ::: x\n    ```\nend"), "```\n::: x\n```\nend");
        assert_eq!(flat("!!! This is loud, isn't it\n"), "!!! This is loud, isn't it");
    }

    #[test]
    fn code_is_left_alone() {
        let body =
            "```\nimport a from \"a\"\n:::tip\n```\n\n    :::note\n\n- item\n\n  :::note T\n";
        assert_eq!(
            flat(body),
            "```\nimport a from \"a\"\n:::tip\n```\n    :::note\n- item\n  **T**"
        );
    }
}
