//! Style sheet, script and icon: compiled in, served under names that hold a hash of the content, so
//! that browsers may keep them for ever.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use super::error::{Code, Problem};

/// One file.
pub(super) struct Asset {
    /// `style-1f2e3d4c.css`.
    name: String,
    media_type: &'static str,
    content: &'static [u8],
}

impl Asset {
    fn new(name: &str, media_type: &'static str, content: &'static [u8]) -> Self {
        let hash: String =
            Sha256::digest(content).iter().take(4).map(|b| format!("{b:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        Self { name: format!("{stem}-{hash}.{extension}"), media_type, content }
    }

    /// Address on this server.
    pub(super) fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// The files that pages link.
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) inbox: Asset,
    pub(super) icon: Asset,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: Asset::new("style.css", "text/css; charset=utf-8", include_bytes!("../web/style.css")),
    script: Asset::new("ask.js", "text/javascript; charset=utf-8", include_bytes!("../web/ask.js")),
    inbox: Asset::new(
        "inbox.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../web/inbox.js"),
    ),
    icon: Asset::new("icon.svg", "image/svg+xml", include_bytes!("../web/icon.svg")),
});

/// `GET /assets/{name}`.
pub(super) async fn asset(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let assets = [&ASSETS.style, &ASSETS.script, &ASSETS.inbox, &ASSETS.icon];
    let asset = assets
        .into_iter()
        .find(|a| a.name == *name)
        .ok_or_else(|| Problem::new(Code::NotFound, "there is no such file"))?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
        .content_type(asset.media_type)
        .body(asset.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_the_content() {
        let of = |content| Asset::new("a.css", "text/css", content).url();
        assert_ne!(of(b"1"), of(b"2"));
        assert!(of(b"1").starts_with("/assets/a-") && of(b"1").ends_with(".css"));
    }
}
