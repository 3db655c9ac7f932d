//! The pages: readable without JavaScript, nothing from elsewhere, nothing that runs.

use crate::support::shared;

#[tokio::test]
async fn an_article_is_rendered_with_anchors_tables_and_links() {
    let page = shared().page("/kb/returns").await;
    assert_eq!(page.matches("<h1").count(), 1, "{page}");
    assert!(page.contains("<h2 id=\"what-does-a-return-cost\""));
    assert!(page.contains("<td class=\"right\">€4.90</td>"));
    assert!(page.contains("markdown-alert-note"));
    assert!(page.contains("href=\"/kb/warranty#what-is-covered\""), "{page}");
    assert!(
        page.contains("href=\"https://maker.example/help\" rel=\"noopener noreferrer nofollow\"")
    );
    assert!(page.contains("2026-10-20"));
    assert!(page.contains("href=\"/kb/lv/returns\" hreflang=\"lv\""), "{page}");
    // Links to what the public may not see lose their address and keep their words.
    assert!(page.contains("the goodwill limits,") && !page.contains("/kb/goodwill"), "{page}");
    assert!(page.contains("the old offer or"), "{page}");
    let latvian = shared().page("/kb/lv/returns").await;
    assert!(latvian.contains("<html lang=\"lv\">") && latvian.contains("id=\"kad-saņemšu-naudu\""));
}

#[tokio::test]
async fn hidden_articles_do_not_exist() {
    let app = shared();
    for slug in ["goodwill", "old-offer", "draft", "nothing", "..%2f..%2fetc%2fpasswd"] {
        assert_eq!(app.get(&format!("/kb/{slug}")).await.status(), 404, "{slug}");
    }
    let list = app.page("/kb").await;
    assert!(list.contains("Returns and refunds") && list.contains("Track your order"));
    for title in ["Goodwill", "Old offer", "Draft"] {
        assert!(!list.contains(title), "{title}");
    }
    let request =
        app.client.get(format!("{}/kb/nothing", app.address)).header("Accept", "text/html");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("<h1>Nothing found</h1>"));
}

#[tokio::test]
async fn a_hostile_article_cannot_run() {
    let response = shared().get("/kb/hostile").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers().contains_key("referrer-policy"));
    assert!(policy.contains("frame-ancestors 'self'"));
    let page = response.text().await.unwrap();
    let own = ["<script type=\"module\" src=\"/assets/", "<script async src=\"/assets/"];
    let page = own.iter().fold(page, |page, tag| page.replace(tag, ""));
    for bad in ["<script", "onerror", "onclick", "javascript:", "<iframe"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    assert!(page.contains("zyxqhostile"));
}

#[tokio::test]
async fn the_list_and_the_search_work_without_javascript() {
    let app = shared();
    let german = app.page("/kb?lang=lv").await;
    assert!(german.contains("Preču atgriešana") && !german.contains("Track your order"));
    let found = app.page("/kb?q=zip%20repair&lang=en&utm_source=x").await;
    assert!(found.contains("href=\"/kb/repair"), "{found}");
    let attack = app.page("/kb?q=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!attack.contains("<script>"), "{attack}");
}

#[tokio::test]
async fn no_page_loads_anything_from_elsewhere() {
    let app = shared();
    for path in ["/", "/kb", "/kb/tracking", "/playground", "/docs"] {
        let page = app.page(path).await;
        for attribute in [
            "src=\"",
            "<link rel=\"stylesheet\" href=\"",
            "<link rel=\"icon\" type=\"image/svg+xml\" href=\"",
        ] {
            for part in page.split(attribute).skip(1) {
                assert!(part.starts_with('/') && !part.starts_with("//"), "{path}: {attribute}");
            }
        }
        assert!(!page.contains("style=\"") && !page.contains("<style"), "{path}");
        assert!(!page.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash() {
    let app = shared();
    let page = app.page("/").await;
    for (start, kind) in [
        ("/assets/style-", "text/css"),
        ("/assets/page-", "text/javascript"),
        ("/assets/widget-", "text/javascript"),
        ("/assets/icon-", "image/svg+xml"),
    ] {
        let at = page.find(start).unwrap();
        let url = page[at..].split('"').next().unwrap();
        let response = app.get(url).await;
        assert_eq!(response.status(), 200);
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(kind));
    }
    assert_eq!(app.get("/assets/style.css").await.status(), 404);
}

#[tokio::test]
async fn the_widget_has_a_lasting_name_and_is_asked_about_again() {
    let app = shared();
    let response = app.get("/widget.js").await;
    assert_eq!(response.headers()["cross-origin-resource-policy"], "cross-origin");
    assert!(!response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let script = response.text().await.unwrap();
    assert!(script.starts_with("(()=>{\"use strict\"") && !script.contains("/**"), "{script}");
    let url = format!("{}/widget.js", app.address);
    let again = app.client.get(&url).header("If-None-Match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let packed = app.client.get(&url).header("Accept-Encoding", "br").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "br");
    assert!(packed.bytes().await.unwrap().len() < 30 * 1024);
}

#[tokio::test]
async fn the_site_speaks_the_language_that_is_asked_for() {
    let app = shared();
    for (query, language, said) in [
        ("locale=lv", "lv", "Runāt ar cilvēku"),
        ("site=site&locale=de-AT", "de", "Mit einem Menschen sprechen"),
        ("locale=sw", "en", "Talk to a person"),
    ] {
        let site = app.get(&format!("/v1/site?{query}")).await;
        let site: serde_json::Value = site.json().await.unwrap();
        assert_eq!(site["locale"], language, "{query}");
        assert_eq!(site["strings"]["widget.person"], said);
        assert_eq!(site["hours"]["open"], true);
        assert!(site["disclosure"].as_str().unwrap().chars().count() > 20);
    }
    assert_eq!(app.get("/v1/site?site=other").await.status(), 404);
}

#[tokio::test]
async fn an_article_comes_as_a_tree_without_anything_that_runs() {
    let app = shared();
    let article = app.get("/v1/articles/returns").await;
    let article: serde_json::Value = article.json().await.unwrap();
    assert_eq!(article["title"], "Returns and refunds");
    assert!(article["body"].to_string().contains("\"what-does-a-return-cost\""));
    let hostile = app.get("/v1/articles/hostile").await.text().await.unwrap();
    for bad in ["onerror", "onclick", "javascript:", "iframe", "\"script\""] {
        assert!(!hostile.contains(bad), "{bad}: {hostile}");
    }
    for hidden in ["goodwill", "draft", "nothing"] {
        assert_eq!(app.get(&format!("/v1/articles/{hidden}")).await.status(), 404, "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_playground_explains_an_answer_to_those_who_may_see_it() {
    let question = serde_json::json!({ "question": "How long does a refund take?" });
    let ask = async |app: &crate::support::TestApp| {
        let url = format!("{}/v1/admin/explain", app.address);
        app.client.post(url).json(&question).send().await.unwrap()
    };
    let closed = crate::support::spawn_app(|_| {}).await;
    assert_eq!(ask(&closed).await.status(), 401);
    let open = crate::support::spawn_app(|settings| settings.site.demo = true).await;
    let explained: serde_json::Value = ask(&open).await.json().await.unwrap();
    assert_eq!(explained["decision"], "answered");
    assert!(explained["passages"].as_array().unwrap().len() > 1);
    assert!(explained["sentences"][0]["text"].as_str().unwrap().contains("5 working days"));
    assert!(explained["timings_ms"]["search"].as_f64().is_some());
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let app = shared();
    let document: serde_json::Value = app.get("/openapi.json").await.json().await.unwrap();
    assert!(document["paths"]["/v1/ask"]["post"].is_object());
    let docs = app.page("/docs").await;
    for text in ["/v1/ask", "/v1/search", "id=\"error-overloaded\"", "id=\"schema-AskResponse\""] {
        assert!(docs.contains(text), "{text}");
    }
}
