//! `GET /docs`: the OpenAPI document and the table of error codes as a page for people.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;

use super::State;
use super::error::{CODES, CodeRow, Problem};
use super::openapi::DOCUMENT;
use super::pages::{Site, page};

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage<'a> {
    site: Site<'a>,
    description: Vec<Piece<'a>>,
    version: &'a str,
    operations: Vec<Operation<'a>>,
    schemas: Vec<Schema<'a>>,
    codes: Vec<ErrorCode<'a>>,
}

struct ErrorCode<'a> {
    row: &'a CodeRow,
    meaning: Vec<Piece<'a>>,
}

/// A part of a description, which the document has in Markdown: words, or code that stood in backticks.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    code: bool,
}

struct Operation<'a> {
    /// `post-v1-ask`.
    id: String,
    method: String,
    path: &'a str,
    summary: Vec<Piece<'a>>,
    /// Paragraphs.
    description: Vec<Vec<Piece<'a>>>,
    fields: Vec<Field<'a>>,
    /// Schema of the body.
    body: Option<String>,
    responses: Vec<Response<'a>>,
}

struct Response<'a> {
    status: &'a str,
    description: Vec<Piece<'a>>,
    media: Vec<(&'a str, Option<String>)>,
}

struct Schema<'a> {
    name: &'a str,
    description: Vec<Piece<'a>>,
    fields: Vec<Field<'a>>,
    /// Names of an enumeration.
    values: Vec<String>,
}

struct Field<'a> {
    name: &'a str,
    kind: String,
    /// Schema that `kind` links to.
    link: Option<String>,
    required: bool,
    description: Vec<Piece<'a>>,
    example: Option<String>,
}

/// The page.
pub(super) async fn show(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    page(&DocsPage {
        site: Site::of(&state),
        description: pieces(text(&DOCUMENT["info"]["description"])),
        version: text(&DOCUMENT["info"]["version"]),
        operations: operations(&DOCUMENT),
        schemas: schemas(&DOCUMENT),
        codes: CODES.iter().map(|row| ErrorCode { row, meaning: pieces(row.meaning) }).collect(),
    })
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            all.push(Operation {
                id: format!("{method}{}", path.replace(['/', '.'], "-")),
                method: method.to_uppercase(),
                path,
                summary: pieces(text(&operation["summary"])),
                description: text(&operation["description"])
                    .split("\n\n")
                    .filter(|p| !p.is_empty())
                    .map(pieces)
                    .collect(),
                fields: list(&operation["parameters"]).iter().map(parameter).collect(),
                body: reference(&operation["requestBody"]["content"]["application/json"]["schema"]),
                responses: entries(&operation["responses"])
                    .map(|(status, response)| Response {
                        status,
                        description: pieces(text(&response["description"])),
                        media: entries(&response["content"])
                            .map(|(kind, content)| (kind, reference(&content["schema"])))
                            .collect(),
                    })
                    .collect(),
            });
        }
    }
    // Answers first, then the rest by path.
    all.sort_by_key(|o| (!o.path.starts_with("/v1/"), o.path));
    all
}

fn schemas(document: &Value) -> Vec<Schema<'_>> {
    entries(&document["components"]["schemas"])
        .map(|(name, schema)| Schema {
            name,
            description: pieces(text(&schema["description"])),
            fields: parts(document, schema).into_iter().flat_map(fields).collect(),
            values: list(&schema["enum"]).iter().map(|v| text(v).to_owned()).collect(),
        })
        .collect()
}

/// What an object is made of: itself, or several of which it has all fields.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().flat_map(|part| parts(document, part)).collect();
    }
    match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) => parts(document, &document["components"]["schemas"][name]),
        None => vec![schema],
    }
}

fn fields(schema: &Value) -> impl Iterator<Item = Field<'_>> {
    let required = list(&schema["required"]);
    entries(&schema["properties"]).map(move |(name, property)| Field {
        required: required.iter().any(|r| r == name),
        ..field(name, property, text(&property["description"]))
    })
}

fn parameter(parameter: &Value) -> Field<'_> {
    let field =
        field(text(&parameter["name"]), &parameter["schema"], text(&parameter["description"]));
    Field {
        // The wire struct leaves it optional to name it in its own error.
        required: parameter["required"] == true || field.name == "q",
        example: field.example.or_else(|| example(&parameter["example"])),
        ..field
    }
}

fn field<'a>(name: &'a str, schema: &'a Value, description: &'a str) -> Field<'a> {
    let (kind, link) = kind(schema);
    let (description, example) = (pieces(description), example(&schema["example"]));
    Field { name, kind, link, required: false, description, example }
}

fn example(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Type in words, and the schema it names.
fn kind(schema: &Value) -> (String, Option<String>) {
    if let Some(name) = reference(schema) {
        return (name.clone(), Some(name));
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().map(text).collect(),
        name => vec![text(name)],
    };
    let inner = (names.contains(&"array")).then(|| kind(&schema["items"]));
    let words = names.iter().map(|name| match (*name, &inner) {
        ("array", Some((of, _))) => format!("array of {of}"),
        ("integer" | "number", _) => bounds(name, schema),
        ("", _) => "any".to_owned(),
        (name, _) => name.to_owned(),
    });
    (words.collect::<Vec<_>>().join(" or "), inner.and_then(|(_, link)| link))
}

fn bounds(name: &str, schema: &Value) -> String {
    match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!("{name} {least} to {most}"),
        _ => name.to_owned(),
    }
}

/// Name of the schema that `schema` refers to.
fn reference(schema: &Value) -> Option<String> {
    schema["$ref"].as_str()?.rsplit('/').next().map(str::to_owned)
}

/// Words and code by turns. A backtick without its second one is a word's.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, (code, after))) =
        rest.split_once('`').and_then(|(before, tail)| Some((before, tail.split_once('`')?)))
    {
        pieces.push(Piece { text: before, code: false });
        pieces.push(Piece { text: code, code: true });
        rest = after;
    }
    pieces.push(Piece { text: rest, code: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_backticks_are_code() {
        let piece = |text, code| Piece { text, code };
        assert_eq!(
            pieces("Say `a` or `b`; a ` alone stays."),
            [
                piece("Say ", false),
                piece("a", true),
                piece(" or ", false),
                piece("b", true),
                piece("; a ` alone stays.", false)
            ]
        );
        assert!(pieces("").is_empty());
    }

    #[test]
    fn the_page_knows_fields_kinds_and_links() {
        let operations = operations(&DOCUMENT);
        let ask = operations.iter().find(|o| o.path == "/v1/ask").unwrap();
        assert_eq!(ask.body.as_deref(), Some("AskRequest"));
        assert!(ask.responses.iter().any(|r| r.status == "429"));
        let schemas = schemas(&DOCUMENT);
        let answer = schemas.iter().find(|s| s.name == "AskResponse").unwrap();
        let sentences = answer.fields.iter().find(|f| f.name == "sentences").unwrap();
        assert_eq!(sentences.kind, "array of SentenceDto");
        assert_eq!(sentences.link.as_deref(), Some("SentenceDto"));
        assert!(sentences.required);
        let ticket = answer.fields.iter().find(|f| f.name == "ticket").unwrap();
        assert!(!ticket.required && !ticket.description.is_empty());
        // One that takes over the fields of another has them all.
        let detail = schemas.iter().find(|s| s.name == "DetailResponse").unwrap();
        for name in ["conversation_id", "messages"] {
            assert!(detail.fields.iter().any(|f| f.name == name && f.required), "{name}");
        }
    }
}
