//! Parts that the configuration alone decides, each made in one place: [`super::Base::open`] and
//! [`super::Application`] use them, and `check-config` makes each once ([`faults`]), so that it refuses what
//! `serve` would refuse. Nothing here looks into the data folder or asks a database.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, Result, ensure};
use indexer::embed::{Embedder, EmbedderSettings};
use indexer::model::Locale;
use indexer::search::Reranker;

use super::{EmbedderStart, space};
use crate::access::AccessSettings;
use crate::assistant::prompt::Prompts;
use crate::generate::openai::OpenAi;
use crate::generate::{GeneratorName, GeneratorSettings};
use crate::handoff::clock::Clock;
use crate::handoff::{Dispatcher, Email, HandoffError, Webhook};
use crate::locale::Locales;
use crate::privacy::vault::KeySource;
use crate::privacy::{Redactor, Secret};
use crate::settings::Settings;
use crate::site::SiteSettings;
use crate::store::outbox::Outbox;
use crate::store::{ConversationStore, KEYS_FOLDER, SqliteStore};

/// # Errors
/// When the model or its library is missing or broken.
pub(super) async fn embedder(
    settings: &EmbedderSettings,
    start: EmbedderStart,
) -> Result<Arc<dyn Embedder>> {
    space::embedder(settings, start).await.context("the embedding model cannot be used")
}

/// # Errors
/// When the model is missing or broken.
pub(super) async fn reranker(settings: &Settings) -> Result<Option<Reranker>> {
    Ok(Reranker::configured(&settings.indexer.reranker).await?)
}

/// # Errors
/// Naming the expression, label or country that is wrong.
pub(super) fn redactor(settings: &Settings) -> Result<Redactor> {
    Redactor::new(&settings.redaction)
        .context("the section [redaction] of the configuration cannot be used")
}

/// All languages; what `[site]` says for one of them is found there.
///
/// # Errors
/// Naming the folder or file that cannot be used, or all languages that there is no pack for.
pub(super) fn locales(settings: &Settings) -> Result<Locales> {
    let locales = Locales::load(settings.site.locales.as_deref())?;
    let wrong = unspoken(&locales, &settings.site);
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(locales)
}

/// Languages of `[site]` that nobody could ever choose.
fn unspoken(locales: &Locales, site: &SiteSettings) -> Vec<String> {
    let tags: Vec<&str> = locales.packs().map(|pack| pack.tag.as_str()).collect();
    let advice = format!(
        "there are packs for {}; correct it, or name a folder with its pack in site.locales",
        tags.join(", ")
    );
    let listed = site.languages.iter().filter(|tag| !tags.contains(&tag.as_str()));
    let mut wrong: Vec<String> =
        listed.map(|tag| format!("site.languages has {tag:?}, but {advice}")).collect();
    let spoken = |tag: &str| {
        Locale::parse(tag).is_some_and(|locale| {
            locale.as_str() == tag && (tags.contains(&tag) || tags.contains(&locale.language()))
        })
    };
    for (key, texts) in [
        ("site.greeting", site.greeting.keys().collect::<Vec<_>>()),
        ("site.suggestions", site.suggestions.keys().collect()),
    ] {
        let strange = texts.into_iter().filter(|tag| !spoken(tag));
        wrong.extend(strange.map(|tag| format!("{key} has {tag:?}, but {advice}")));
    }
    wrong
}

/// The configured key of customers' tokens; `None`: the installation makes its own.
///
/// # Errors
/// When its file cannot be read or holds too little.
pub(super) fn visitor_key(access: &AccessSettings) -> Result<Option<Secret>> {
    if access.visitor_secret.is_some() {
        return Ok(access.visitor_secret.clone());
    }
    let Some(file) = &access.visitor_secret_file else { return Ok(None) };
    let key = fs_err::read_to_string(file).context("access.visitor_secret_file")?;
    let key = key.trim();
    ensure!(key.len() >= 32, "{} holds fewer than 32 characters", file.display());
    Ok(Some(Secret::new(key)))
}

/// Who is told of events.
///
/// # Errors
/// Naming the key that is wrong.
pub(super) fn dispatcher(
    settings: &Settings,
    outbox: Arc<dyn Outbox>,
    store: Arc<dyn ConversationStore>,
) -> Result<Dispatcher, HandoffError> {
    Dispatcher::new((&settings.webhooks, &settings.email), outbox, store, Clock::System)
}

/// The models that are asked, in order: those that are configured and named before the articles' own
/// sentences, which end every chain.
pub(crate) fn models(settings: &GeneratorSettings) -> impl Iterator<Item = GeneratorName> {
    let named = settings.chain.iter().copied();
    named.take_while(|name| *name != GeneratorName::Extractive).filter(move |name| match name {
        GeneratorName::Llama => settings.llama.is_on(),
        GeneratorName::Openai => settings.openai.is_on(),
        GeneratorName::Extractive => false,
    })
}

/// What `serve` would refuse of these parts, each with its reason. A local model is not loaded.
pub(crate) async fn faults(settings: &Settings) -> Vec<Error> {
    let mut found = receivers(settings).await;
    found.extend(redactor(settings).err());
    found.extend(locales(settings).err());
    found.extend(visitor_key(&settings.access).err());
    found.extend(settings.identity.secrets().map_err(Error::msg).err());
    found.extend(master_key(settings).await.err());
    found.extend(embedder(&settings.indexer.embedder, EmbedderStart::Now).await.err());
    found.extend(reranker(settings).await.err());
    found.extend(Prompts::of(settings.generator.prompts_dir.as_deref()).err().map(Error::from));
    if models(&settings.generator).any(|name| name == GeneratorName::Openai) {
        found.extend(OpenAi::new(&settings.generator.openai).err().map(Error::from));
    }
    found
}

/// The vault's master key, where the operator keeps it; one of the server's own lies in the data folder.
async fn master_key(settings: &Settings) -> Result<()> {
    let source = KeySource::new(&settings.vault, Path::new(KEYS_FOLDER))?;
    if !matches!(source, KeySource::File { made: true, .. }) {
        source.read().await?;
    }
    Ok(())
}

async fn receivers(settings: &Settings) -> Vec<Error> {
    let webhooks = &settings.webhooks;
    let each = webhooks.endpoints.iter().map(|endpoint| Webhook::new(webhooks, endpoint).err());
    let mut found: Vec<Error> = each.flatten().map(Error::from).collect();
    found.extend(Email::new(&settings.email).err().map(Error::from));
    if found.is_empty() {
        // Together, for names that are used twice.
        found.extend(match SqliteStore::in_memory().await {
            Ok(store) => {
                let store = Arc::new(store);
                dispatcher(settings, store.clone(), store).err().map(Error::from)
            }
            Err(error) => Some(Error::from(error)),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::EndpointSettings;

    #[tokio::test]
    async fn all_that_serve_would_refuse_is_found() {
        crate::tls::install();
        let mut settings = Settings::default();
        settings.redaction.allow = vec!["(".to_owned()];
        settings.email.host = "mail.shop.example".to_owned();
        settings.webhooks.endpoints = vec![EndpointSettings {
            name: "crm".to_owned(),
            url: "http://crm.shop.example".to_owned(),
            secret: None,
            secret_file: None,
            old_secret: None,
            events: Default::default(),
            allow_private: false,
        }];
        settings.site.locales = Some("/nowhere/locales".into());
        settings.access.visitor_secret_file = Some("/nowhere/visitor".into());
        settings.identity.secret_file = Some("/nowhere/identity".into());
        settings.vault.key = Some(Secret::new("abc"));
        settings.indexer.embedder.model_dir = Some("/nowhere/embedder".into());
        settings.indexer.reranker.model_dir = Some("/nowhere/reranker".into());
        settings.generator.openai.urls = vec!["ftp://model".to_owned()];
        let found = faults(&settings).await;
        let said: Vec<String> = found.iter().map(|error| format!("{error:#}")).collect();
        for part in [
            "redaction.allow",
            "email.to",
            "https://",
            "site.locales",
            "access.visitor_secret_file",
            "identity.secret_file",
            "vault.key",
            "embedder.model_dir",
            "reranker.model_dir",
            "generator.openai.model",
        ] {
            assert!(said.iter().any(|error| error.contains(part)), "{part}: {said:#?}");
        }
        assert_eq!(said.len(), 10, "{said:#?}");
    }

    #[test]
    fn a_language_without_a_pack_is_named_wherever_it_is_written() {
        let mut settings = Settings::default();
        settings.site.languages = vec!["en".to_owned(), "xx".to_owned(), "EN".to_owned()];
        settings.site.suggestions = [("xx".to_owned(), vec!["Xxx?".to_owned()])].into();
        settings.site.greeting = [("de-at".to_owned(), "Servus!".to_owned())].into();
        let error = locales(&settings).unwrap_err().to_string();
        for part in ["site.languages has \"xx\"", "has \"EN\"", "site.suggestions has \"xx\"", "lv"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("de-at"), "a region of a language that has a pack: {error}");
        settings.site.languages = vec!["lv".to_owned(), "en".to_owned()];
        settings.site.suggestions.clear();
        assert!(locales(&settings).is_ok());
    }

    #[test]
    fn models_after_the_articles_own_sentences_are_not_asked() {
        let mut generator = GeneratorSettings::default();
        generator.openai.urls = vec!["http://127.0.0.1:1/v1".to_owned()];
        let asked: Vec<_> = models(&generator).collect();
        assert_eq!(asked, [GeneratorName::Openai], "no local model is configured");
        generator.chain = vec![GeneratorName::Extractive, GeneratorName::Openai];
        assert_eq!(models(&generator).count(), 0);
    }
}
