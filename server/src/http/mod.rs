//! What clients see: the HTTP interface and the pages. The only folder that knows the web framework.
//!
//! One file a resource. Handlers translate between the wire (`dto`) and the domain, and decide
//! nothing: questions go to [`Assistant`], what agents do to [`Desk`], searches and articles to
//! [`KnowledgeBase`]. Who may do what is asked in `auth`, never taken from a request field.

mod admin;
mod ask;
mod assets;
mod auth;
mod body;
mod bundle;
mod caller;
mod chat_completions;
mod choices;
pub mod conversation_dto;
mod conversations;
mod cors;
mod dashboard;
mod docs;
pub mod dto;
mod edge;
mod error;
mod gaps;
mod health;
mod inbox;
mod inbox_actions;
mod inbox_dto;
mod inbox_list;
mod inbox_pages;
mod index_status;
mod kb;
mod live_stream;
mod login;
mod me;
mod openapi;
mod originals;
mod pages;
mod playground;
mod privacy;
mod refusals;
mod search;
mod sign_on;
mod site;
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
use tokio_util::sync::CancellationToken;

use crate::assistant::Assistant;
use crate::desk::Desk;
use crate::handoff::Hours;
use crate::live::Hub;
use crate::locale::Locales;
use crate::metrics::Metrics;
use crate::rights::Rights;
use crate::settings::{ServerSettings, Settings};
use crate::site::SiteSettings;
use crate::store::ConversationStore;
use crate::store::figures::FiguresStore;
use crate::useful::Useful;

pub use auth::Doors;
pub use error::{CODES, Code, CodeRow, Problem, ProblemBody};
pub use health::{Phase, Readiness};
pub use index_status::{IndexStatus, Role, ShadowState};

/// Added to the framework's limit for the head of a request. Its clock is up to 500 ms old, so a short
/// limit could be over before a client has sent anything, and its 408 is bare. The limit for a body is
/// kept exactly, by [`body`], with a problem object.
const FRAMEWORK_GRACE: Duration = Duration::from_secs(2);

/// What every handler works with.
pub struct State {
    pub assistant: Arc<Assistant>,
    pub desk: Desk,
    pub store: Arc<dyn ConversationStore>,
    pub hub: Arc<Hub>,
    pub hours: Arc<Hours>,
    pub doors: Doors,
    /// Cancelled when the server stops, so that live streams end.
    pub stopping: CancellationToken,
    pub knowledge: Arc<KnowledgeBase>,
    pub readiness: Arc<Readiness>,
    pub status: Arc<IndexStatus>,
    pub site: SiteSettings,
    pub locales: Arc<Locales>,
    pub settings: ServerSettings,
    /// For the record of processing and the figures.
    pub all_settings: Settings,
    pub rights: Arc<Rights>,
    pub figures: Arc<dyn FiguresStore>,
    /// Articles that helped most of late.
    pub useful: Useful,
    /// Held while the review queue is put together.
    pub reviewing: tokio::sync::Mutex<()>,
    pub metrics: Arc<Metrics>,
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
    let drawings = web::Data::new(kb::Drawings::default());
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(drawings.clone())
            .app_data(forms())
            .app_data(queries())
            .wrap(from_fn(edge::guard))
            .configure(routes)
            .default_service(web::to(pages::not_found))
    })
    .keep_alive(KeepAlive::Timeout(Duration::from_secs(settings.keep_alive_s.max(1))))
    .client_request_timeout(settings.request_timeout() + FRAMEWORK_GRACE)
    .max_connections(connections(&settings))
    .shutdown_timeout(settings.shutdown_grace_s)
    .shutdown_signal(stop);
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    Ok(server.listen(listener)?.run())
}

/// Files that are no connections: databases, indexes, logs.
const OTHER_FILES: usize = 256;

/// Open connections of one worker: as configured, as far as the system lets this process open files. What
/// is beyond waits to be accepted, instead of taking the files that stores and indexes need.
fn connections(settings: &ServerSettings) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = if settings.workers > 0 { settings.workers } else { cores };
    let files = fs_err::read_to_string("/proc/self/limits").ok().and_then(|l| open_files(&l));
    let most = files.map_or(usize::MAX, |files| files.saturating_sub(OTHER_FILES) / workers);
    if most < settings.max_connections {
        tracing::info!(
            connections = most.max(16),
            "server.few_files: fewer connections of a worker than server.max_connections, because of \
             the limit of open files; raise it with ulimit -n"
        );
    }
    settings.max_connections.min(most.max(16))
}

/// The soft limit in `/proc/self/limits`; `None` where there is none.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(post("/v1/ask", ask::ask))
        .service(post("/v1/chat/completions", chat_completions::complete))
        .service(get("/v1/models", chat_completions::models))
        .service(get("/v1/search", search::search))
        .service(get("/v1/admin/index", admin::index))
        .service(get("/livez", health::livez))
        .service(get("/readyz", health::readyz))
        .service(get("/openapi.json", openapi::document))
        .service(get("/docs", docs::show))
        .service(get("/assets/{name}", assets::asset))
        .service(get("/widget.js", assets::widget))
        .service(get("/v1/site", site::show))
        .service(get("/v1/articles/{slug:.*}", kb::json))
        .service(get("/playground", playground::page))
        .service(playground::explain_resource())
        .service(get("/", pages::home))
        .service(get("/kb", kb::index))
        .service(get("/kb/{slug:.*}", kb::article))
        .configure(conversation_routes)
        .configure(desk_routes)
        .configure(office_routes);
}

/// Forms are short, and what is wrong with one is said as with every body.
fn forms() -> web::FormConfig {
    web::FormConfig::default().limit(8 * 1024).error_handler(|error, _| {
        Problem::new(Code::InvalidField, format!("the form cannot be read: {error}")).into()
    })
}

/// What is wrong with a query is said as with a body.
fn queries() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error, _| {
        Problem::new(Code::InvalidParameter, format!("the query cannot be read: {error}")).into()
    })
}

/// What customers do.
fn conversation_routes(app: &mut web::ServiceConfig) {
    app.service(post("/v1/conversations", conversations::begin))
        .service(post("/v1/conversations/{id}/messages", conversations::post))
        .service(get("/v1/conversations/{id}/events", live_stream::events))
        .service(post("/v1/conversations/{id}/typing", conversations::typing))
        .service(post("/v1/conversations/{id}/handoff", conversations::hand_off))
        .service(post("/v1/conversations/{id}/feedback", conversations::feedback))
        .service(post("/v1/conversations/{id}/close", conversations::close))
        .service(get("/v1/conversations/{id}/export", privacy::export))
        .service(post("/v1/conversations/{id}/consent", choices::consent))
        .service(get("/v1/me/export", me::export))
        .service(post("/v1/me/consent", me::consent))
        .service(
            web::resource("/v1/me")
                .route(web::get().to(me::show))
                .route(web::head().to(me::show))
                .route(web::delete().to(me::erase))
                .default_service(web::to(|| edge::method_not_allowed("GET, HEAD, DELETE"))),
        )
        .service(
            web::resource("/v1/conversations/{id}")
                .route(web::get().to(conversations::show))
                .route(web::head().to(conversations::show))
                .route(web::delete().to(privacy::erase))
                .default_service(web::to(|| edge::method_not_allowed("GET, HEAD, DELETE"))),
        );
}

/// What the operator and the data protection officer do.
fn office_routes(app: &mut web::ServiceConfig) {
    app.service(get("/metrics", dashboard::metrics))
        .service(get("/dashboard", dashboard::dashboard))
        .service(get("/v1/admin/figures", dashboard::figures))
        .service(get("/v1/admin/gaps", gaps::list))
        .service(post("/v1/admin/gaps/{id}", gaps::judge))
        .service(
            web::resource("/gaps")
                .route(web::get().to(gaps::show))
                .route(web::post().to(gaps::decide))
                .default_service(web::to(|| edge::method_not_allowed("GET, POST"))),
        )
        .service(get("/v1/admin/audit", privacy::audit))
        .service(get("/v1/admin/processing-record", privacy::record))
        .service(post("/v1/admin/retention", privacy::retention))
        .service(get("/v1/admin/conversations/{id}/export", privacy::export_for_office))
        .service(post("/v1/admin/conversations/{id}/consent", choices::consent_for_office))
        .service(
            web::resource("/v1/admin/conversations/{id}")
                .route(web::delete().to(privacy::erase_for_office))
                .default_service(web::to(|| edge::method_not_allowed("DELETE"))),
        );
}

/// What the people of the company do.
fn desk_routes(app: &mut web::ServiceConfig) {
    let login = web::resource("/login")
        .route(web::get().to(login::page))
        .route(web::post().to(login::log_in))
        .default_service(web::to(|| edge::method_not_allowed("GET, POST")));
    app.service(login)
        .service(get("/login/oidc", sign_on::begin))
        .service(get("/login/oidc/callback", sign_on::finish))
        .service(post("/logout", login::log_out))
        .service(get("/inbox", inbox_pages::list))
        .service(get("/inbox/{id}", inbox_pages::conversation))
        .service(get("/v1/inbox/conversations", inbox_list::list))
        .service(get("/v1/inbox/events", live_stream::desk))
        .service(post("/v1/inbox/presence", inbox::presence))
        .service(get("/v1/inbox/conversations/{id}/suggestion", inbox::suggestion))
        .service(post("/v1/inbox/conversations/{id}/reveal", privacy::reveal))
        .service(post("/v1/inbox/conversations/{id}/take", inbox_actions::take))
        .service(post("/v1/inbox/conversations/{id}/return", inbox_actions::give_back))
        .service(post("/v1/inbox/conversations/{id}/resolve", inbox_actions::resolve))
        .service(post("/v1/inbox/conversations/{id}/assign", inbox_actions::assign))
        .service(post("/v1/inbox/conversations/{id}/typing", inbox_actions::typing))
        .service(post("/v1/inbox/conversations/{id}/reply", inbox_actions::reply))
        .service(post("/v1/inbox/conversations/{id}/note", inbox_actions::note))
        .service(get("/v1/inbox/conversations/{id}", inbox::show));
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

/// A resource that is only written to.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| edge::method_not_allowed("POST")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits =
            "Limit   Soft Limit  Hard Limit  Units\nMax open files    1024   524288   files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files(&limits.replace("1024", "unlimited")), None);
        assert_eq!(open_files(""), None);
    }
}
