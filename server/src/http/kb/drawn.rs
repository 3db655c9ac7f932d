//! Articles as they are shown, each drawn once: drawing is work for the processor, so it is done off the HTTP
//! workers, and what came of it is kept while nothing that it depends on changes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use indexer::model::{Audience, DocPath, Generation};
use jiff::civil::Date;
use moka::sync::Cache;

use super::Found;
use super::links::Links;
use super::render::{self, Rendered};
use super::translations::{self, Translation};
use super::tree::{self, Node};
use crate::http::error::Problem;

/// Bytes that kept articles may take, about.
const MEMORY: u64 = 32 * 1024 * 1024;
/// An article's tree takes some times the bytes of its HTML.
const TREE: usize = 6;
/// Of an article that nobody reads, and of an earlier generation, nothing is kept longer.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// An article that is drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) rendered: Rendered,
    /// The same for the widget.
    pub(super) tree: Vec<Node>,
    pub(super) translations: Vec<Translation>,
}

/// All that a drawn article depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    path: DocPath,
    /// Which text it is.
    version: Generation,
    /// What its links and its translations lead to ...
    generation: Generation,
    /// ... and which of them a reader may see today.
    audience: Audience,
    day: Option<Date>,
}

/// The articles that were drawn of late. One for all workers of a server.
pub(in crate::http) struct Drawings(Cache<Key, Arc<Drawn>>);

impl Default for Drawings {
    fn default() -> Self {
        let bytes = |_: &Key, drawn: &Arc<Drawn>| {
            let html = drawn.rendered.title.len() + drawn.rendered.html.len();
            u32::try_from(html.saturating_mul(TREE)).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(bytes).max_capacity(MEMORY).time_to_idle(IDLE).build())
    }
}

impl Drawings {
    /// The article as its reader sees it; drawn once however many ask at the same time.
    ///
    /// # Errors
    /// `internal` when drawing broke off.
    pub(super) async fn of(&self, found: &Arc<Found>) -> Result<Arc<Drawn>, Problem> {
        let key = Key {
            path: found.document.path.clone(),
            version: found.document.version,
            generation: found.snapshot.generation,
            audience: found.filter.audience,
            day: found.filter.valid_on,
        };
        if let Some(drawn) = self.0.get(&key) {
            return Ok(drawn);
        }
        let (kept, found) = (self.0.clone(), Arc::clone(found));
        web::block(move || kept.get_with(key, || Arc::new(draw(&found))))
            .await
            .map_err(|error| Problem::internal(&error))
    }
}

fn draw(found: &Found) -> Drawn {
    let Found { snapshot, document, body, filter } = found;
    let links = Links { snapshot, from: &document.path, filter };
    let rendered = render::render(body, &|href| links.target(href));
    let tree = tree::tree(&rendered.html);
    let translations = translations::of(document, snapshot, filter);
    Drawn { rendered, tree, translations }
}
