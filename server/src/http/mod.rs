//! What clients see: the HTTP interface and the pages. The only folder that knows the web framework.
//!
//! One file a resource. Handlers translate between the wire (`dto`) and the domain, and decide
//! nothing: questions go to [`Assistant`], searches and articles to [`KnowledgeBase`]. Everything
//! here is for the public; who may see more is decided elsewhere, never by a request field.

mod admin;
mod ask;
mod assets;
mod body;
mod docs;
pub mod dto;
mod edge;
mod error;
mod health;
mod index_status;
mod kb;
mod openapi;
mod pages;
mod search;
mod sse;

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, Resource, guard, web};
use indexer::search::KnowledgeBase;

use crate::assistant::Assistant;
use crate::settings::ServerSettings;

pub use error::{CODES, Code, CodeRow, Problem, ProblemBody};
pub use health::{Phase, Readiness};
pub use index_status::{IndexStatus, ShadowState};

/// Added to the framework's limit for the head of a request. Its clock is up to 500 ms old, so a short
/// limit could be over before a client has sent anything, and its 408 is bare. The limit for a body is
/// kept exactly, by [`body`], with a problem object.
const FRAMEWORK_GRACE: Duration = Duration::from_secs(2);

/// What every handler works with.
pub struct State {
    pub assistant: Arc<Assistant>,
    pub knowledge: Arc<KnowledgeBase>,
    pub readiness: Arc<Readiness>,
    pub status: Arc<IndexStatus>,
    pub settings: ServerSettings,
}

/// Starts serving on `listener`. The future ends when all workers have ended; `stop` starts that:
/// nothing more is accepted, and requests in work may take `shutdown_grace_s`.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    state: State,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Server> {
    let settings = state.settings.clone();
    let state = web::Data::new(state);
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(edge::guard))
            .configure(routes)
            .default_service(web::to(pages::not_found))
    })
    .keep_alive(KeepAlive::Timeout(Duration::from_secs(settings.keep_alive_s.max(1))))
    .client_request_timeout(settings.request_timeout() + FRAMEWORK_GRACE)
    .max_connections(settings.max_connections)
    .shutdown_timeout(settings.shutdown_grace_s)
    .shutdown_signal(stop);
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    Ok(server.listen(listener)?.run())
}

fn routes(app: &mut web::ServiceConfig) {
    let post = web::resource("/v1/ask")
        .route(web::post().to(ask::ask))
        .default_service(web::to(|| edge::method_not_allowed("POST")));
    app.service(post)
        .service(get("/v1/search", search::search))
        .service(get("/v1/admin/index", admin::index))
        .service(get("/livez", health::livez))
        .service(get("/readyz", health::readyz))
        .service(get("/openapi.json", openapi::document))
        .service(get("/docs", docs::show))
        .service(get("/assets/{name}", assets::asset))
        .service(get("/", pages::ask))
        .service(get("/kb", kb::index))
        .service(get("/kb/{slug:.*}", kb::article));
}

/// A resource that is only read.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let reads = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(web::route().guard(reads).to(handler))
        .default_service(web::to(|| edge::method_not_allowed("GET, HEAD")))
}
