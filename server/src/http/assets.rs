//! Style sheets, scripts and icon: compiled in, compressed once, served under names that hold a hash of
//! the content, so that browsers may keep them for ever; and the widget under its lasting name too.

use std::io::Cursor;
use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT_ENCODING, ETAG, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use brotli::enc::BrotliEncoderParams;
use sha2::{Digest, Sha256};

use super::bundle;
use super::error::{Code, Problem};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One file.
pub(super) struct Asset {
    /// `style-1f2e3d4c.css`.
    name: String,
    media_type: &'static str,
    content: Bytes,
    /// The content in Brotli.
    compressed: Bytes,
    etag: String,
}

impl Asset {
    fn new(name: &str, media_type: &'static str, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        let hash: String =
            Sha256::digest(&content).iter().take(4).map(|b| format!("{b:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let mut compressed = Vec::new();
        let settings = BrotliEncoderParams { quality: 11, lgwin: 20, ..Default::default() };
        let done = brotli::BrotliCompress(&mut Cursor::new(&content), &mut compressed, &settings);
        if done.is_err() {
            compressed.clear();
        }
        Self {
            name: format!("{stem}-{hash}.{extension}"),
            media_type,
            content: content.into(),
            compressed: compressed.into(),
            etag: format!("\"{hash}\""),
        }
    }

    /// Address on this server.
    pub(super) fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }

    /// The file as `request` can read it, to be kept as `cache` says.
    fn response(&self, request: &HttpRequest, cache: &'static str) -> HttpResponse {
        let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
        let known = header(IF_NONE_MATCH).is_some_and(|tags| tags.contains(&self.etag));
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header(("Cache-Control", cache))
            .insert_header((ETAG, self.etag.clone()))
            .insert_header(("Vary", "Accept-Encoding"))
            // Pages of other origins hold the widget.
            .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
            .insert_header(("Access-Control-Allow-Origin", "*"));
        if known {
            return response.finish();
        }
        response.content_type(self.media_type);
        if takes_brotli(header(ACCEPT_ENCODING).unwrap_or_default()) && !self.compressed.is_empty()
        {
            response.insert_header(("Content-Encoding", "br"));
            return response.body(self.compressed.clone());
        }
        response.body(self.content.clone())
    }
}

fn takes_brotli(accepted: &str) -> bool {
    accepted.split(',').any(|range| {
        let (coding, weight) = range.split_once(';').unwrap_or((range, ""));
        coding.trim().eq_ignore_ascii_case("br")
            && !weight.trim().starts_with("q=0.0")
            && weight.trim() != "q=0"
    })
}

/// The files that pages link.
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) inbox: Asset,
    pub(super) playground: Asset,
    pub(super) page: Asset,
    pub(super) shop: Asset,
    pub(super) icon: Asset,
    pub(super) widget: Asset,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: Asset::new("style.css", "text/css; charset=utf-8", include_bytes!("../web/style.css")),
    inbox: Asset::new("inbox.js", SCRIPT, include_bytes!("../web/inbox.js")),
    playground: Asset::new("playground.js", SCRIPT, include_bytes!("../web/playground.js")),
    page: Asset::new("page.js", SCRIPT, include_bytes!("../web/page.js")),
    shop: Asset::new("shop.svg", "image/svg+xml", include_bytes!("../web/shop.svg")),
    icon: Asset::new("icon.svg", "image/svg+xml", include_bytes!("../web/icon.svg")),
    widget: Asset::new("widget.js", SCRIPT, bundle::widget()),
});

impl Assets {
    fn all(&self) -> [&Asset; 7] {
        [
            &self.style,
            &self.inbox,
            &self.playground,
            &self.page,
            &self.shop,
            &self.icon,
            &self.widget,
        ]
    }
}

/// `GET /assets/{name}`.
pub(super) async fn asset(
    name: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let asset = ASSETS
        .all()
        .into_iter()
        .find(|a| a.name == *name)
        .ok_or_else(|| Problem::new(Code::NotFound, "there is no such file"))?;
    Ok(asset.response(&request, "public, max-age=31536000, immutable"))
}

/// `GET /widget.js`: the name that pages hold for years, asked about again now and then.
pub(super) async fn widget(request: HttpRequest) -> HttpResponse {
    ASSETS.widget.response(&request, "public, max-age=300, stale-while-revalidate=86400")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a customer's browser loads for the widget, texts and style included.
    const WIDGET_BYTES: usize = 30 * 1024;

    #[test]
    fn names_change_with_the_content() {
        let of = |content: &'static [u8]| Asset::new("a.css", "text/css", content).url();
        assert_ne!(of(b"1"), of(b"2"));
        assert!(of(b"1").starts_with("/assets/a-") && of(b"1").ends_with(".css"));
    }

    #[test]
    fn the_widget_and_the_texts_of_any_language_weigh_less_than_30_kb() {
        let script = ASSETS.widget.compressed.len();
        let locales = crate::locale::Locales::load(None).unwrap();
        let texts = locales.packs().map(|pack| {
            let texts: std::collections::BTreeMap<_, _> =
                pack.section(&["widget", "error", "count"]).collect();
            Asset::new("a.json", "", serde_json::to_vec(&texts).unwrap()).compressed.len()
        });
        let texts = texts.max().unwrap();
        let shown =
            format!("widget: {script} bytes of script and style, {texts} of texts (Brotli)");
        assert!(script > 1000 && script + texts <= WIDGET_BYTES, "{shown}");
        // Shown by `cargo test -- --nocapture`.
        let _ = std::io::Write::write_all(&mut std::io::stdout(), format!("{shown}\n").as_bytes());
    }

    #[test]
    fn brotli_is_sent_only_where_it_is_understood() {
        for (accepted, taken) in [
            ("gzip, br", true),
            ("BR;q=0.8", true),
            ("br;q=0", false),
            ("gzip", false),
            ("", false),
        ] {
            assert_eq!(takes_brotli(accepted), taken, "{accepted}");
        }
    }
}
