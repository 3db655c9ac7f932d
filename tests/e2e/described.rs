//! What `/openapi.json` says is so: every route of `/v1` is described and no other, the inbox with its doors,
//! and what the inbox answers has the fields that are promised and no others.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::domain::AgentRole;

use crate::doors::registered;
use crate::support::people::{Customer, Staff};
use crate::support::{shared, spawn_app};

/// What the operator's own pages and commands call, and no other program is promised.
const UNPROMISED: [(&str, &str); 7] = [
    ("GET", "/v1/admin/figures"),
    ("GET", "/v1/admin/audit"),
    ("GET", "/v1/admin/processing-record"),
    ("POST", "/v1/admin/retention"),
    ("GET", "/v1/admin/conversations/{id}/export"),
    ("POST", "/v1/admin/conversations/{id}/consent"),
    ("DELETE", "/v1/admin/conversations/{id}"),
];

async fn document() -> Value {
    shared().get("/openapi.json").await.json().await.unwrap()
}

/// Method, path and description of every operation.
fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, said)| (method.to_uppercase(), path.as_str(), said))
        })
        .collect()
}

#[tokio::test]
async fn every_route_of_programs_is_described_and_nothing_else() {
    let document = document().await;
    let described: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path.to_owned()))
        .collect();
    let routes: BTreeSet<(String, String)> = registered()
        .into_iter()
        .map(|(method, path)| (method, path.replace(":.*}", "}")))
        .collect();
    let gone: Vec<_> = described.difference(&routes).collect();
    assert!(gone.is_empty(), "described, but no routes: {gone:?}");
    let missing: Vec<_> = routes
        .difference(&described)
        .filter(|(_, path)| path.starts_with("/v1/"))
        .filter(|(method, path)| !UNPROMISED.contains(&(method.as_str(), path.as_str())))
        .collect();
    assert!(missing.is_empty(), "routes that are not described: {missing:?}");
    for (method, path) in UNPROMISED {
        let row = (method.to_owned(), path.to_owned());
        assert!(routes.contains(&row) && !described.contains(&row), "{method} {path}");
    }
}

#[tokio::test]
async fn the_inbox_is_described_with_its_doors() {
    let document = document().await;
    let session = &document["components"]["securitySchemes"]["session"];
    assert_eq!((&session["type"], &session["in"]), (&json!("apiKey"), &json!("cookie")));
    assert_eq!(session["name"], "atbilde_session");
    let mut seen = 0;
    for (method, path, said) in operations(&document) {
        if !path.starts_with("/v1/inbox/") {
            continue;
        }
        seen += 1;
        let at = format!("{method} {path}");
        assert_eq!(said["security"], json!([{ "session": [] }]), "{at}");
        for status in ["401", "403", "500"] {
            let content = &said["responses"][status]["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{at}: {status}");
        }
        let parameter = |name: &str| {
            let mut all = said["parameters"].as_array().into_iter().flatten();
            all.find(|p| p["name"] == name).is_some_and(|p| p["required"] == true)
        };
        assert_eq!(parameter("X-CSRF-Token"), method == "POST", "{at}");
        assert_eq!(parameter("id"), path.contains("{id}"), "{at}");
        let missing = said["responses"]["404"].is_object();
        assert_eq!(missing, path.contains("{id}"), "{at}: of nothing");
    }
    assert_eq!(seen, 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_inbox_answers_is_what_is_described() {
    let document = document().await;
    let app = spawn_app(|_| {}).await;
    let anna = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    customer.say("How long does a refund take?").await;
    customer.post("handoff", json!({ "email": "liga@example.com", "note": "Quickly" })).await;
    customer.post("feedback", json!({ "rating": 4, "comment": "quick" })).await;
    let of = |rest: &str| format!("/v1/inbox/conversations{rest}");
    let id = &customer.id;
    anna.post("/v1/inbox/presence", json!({ "presence": "online" })).await;

    for (path, described) in [
        (of("?limit=1"), of("")),
        (of(&format!("/{id}")), of("/{id}")),
        (of(&format!("/{id}/suggestion")), of("/{id}/suggestion")),
    ] {
        let response = anna.get(&path).await;
        assert_eq!(response.status(), 200, "{path}");
        let answer: Value = response.json().await.unwrap();
        fits(&document, promised(&document, ("get", described.as_str())), &answer)
            .unwrap_or_else(|wrong| panic!("{path}: {wrong}: {answer}"));
    }
    for (action, body) in [
        ("take", json!({})),
        ("reply", json!({ "text": "Five days." })),
        ("note", json!({ "text": "Wants it quickly." })),
        ("assign", json!({ "agent": anna.id.to_string() })),
        ("return", json!({})),
        ("resolve", json!({})),
    ] {
        let (status, answer) = anna.act(id, action, body).await;
        assert_eq!(status, 200, "{action}: {answer}");
        let path = of(&format!("/{{id}}/{action}"));
        fits(&document, promised(&document, ("post", path.as_str())), &answer)
            .unwrap_or_else(|wrong| panic!("{action}: {wrong}: {answer}"));
    }
    let there = anna.post("/v1/inbox/presence", json!({ "presence": "away" })).await;
    let schema = promised(&document, ("post", "/v1/inbox/presence"));
    fits(&document, schema, &there.json().await.unwrap()).unwrap();
    app.stop().await.unwrap();
}

/// What the answer 200 of an operation looks like.
fn promised<'a>(document: &'a Value, (method, path): (&str, &str)) -> &'a Value {
    let content = &document["paths"][path][method]["responses"]["200"]["content"];
    let schema = &content["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} promises nothing");
    schema
}

/// Whether `value` has the fields that `schema` wants and no others, all the way down.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolved(document, schema);
    if let Some(either) = schema["oneOf"].as_array() {
        let tried: Vec<_> = either.iter().map(|one| fits(document, one, value)).collect();
        let one_fits = tried.iter().any(Result::is_ok);
        return if one_fits { Ok(()) } else { Err(format!("it is none of either: {tried:?}")) };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let same = |k: &&str| *k == kind || *k == "integer" && value.is_u64();
    if !kinds.is_empty() && !kinds.iter().any(same) {
        return Err(format!("{value} is no {kinds:?}"));
    }
    match value {
        Value::Array(items) => {
            items.iter().try_for_each(|item| fits(document, &schema["items"], item))
        }
        // A map: any names.
        Value::Object(_) if schema["additionalProperties"].is_object() => Ok(()),
        Value::Object(fields) => {
            let parts = parts(document, schema);
            let wanted = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
            let missing = wanted.filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
            if let Some(name) = missing {
                return Err(format!("`{name}` is promised and missing"));
            }
            fields.iter().try_for_each(|(name, field)| {
                let known = parts.iter().find_map(|part| part["properties"].get(name));
                let known = known.ok_or_else(|| format!("`{name}` is not described"))?;
                fits(document, known, field).map_err(|wrong| format!("{name}: {wrong}"))
            })
        }
        _ => Ok(()),
    }
}

/// The schema, or the one that it refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// The schemas that an object is made of: itself, or all of several.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    match schema["allOf"].as_array() {
        Some(all) => {
            all.iter().flat_map(|part| parts(document, resolved(document, part))).collect()
        }
        None => vec![schema],
    }
}
