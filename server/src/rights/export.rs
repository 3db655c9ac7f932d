//! Access and portability (GDPR Art. 15 and 20): everything stored of one conversation, with the originals
//! put back, as JSON for programs and as a page for people.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Rights, RightsError};
use crate::domain::{ConversationId, Objections};
use crate::html::escaped;
use crate::privacy::audit::{Actor, Subject};
use crate::privacy::vault::Restorer;
use crate::store::{Choice, LegalHold};

/// Everything stored of one conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Export {
    pub format: &'static str,
    pub conversation_id: String,
    /// RFC 3339, UTC.
    pub exported_at: String,
    /// What the parts are, for the reader.
    pub about: &'static str,
    /// Rows by table of `conversations.sqlite`.
    pub stored: Map<String, Value>,
    /// Personal data that was taken out of the texts, by placeholder.
    pub originals: Map<String, Value>,
    /// What the customer was told and agreed to.
    pub records: Vec<Choice>,
    /// Whether the customer's words are used for answering them alone.
    pub opted_out: bool,
    /// What the customer objects to.
    pub objections: Objections,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<LegalHold>,
}

const ABOUT: &str = "Everything that is stored of this conversation. Texts are stored with placeholders such as [EMAIL_1] in place of personal data; here the originals, which are stored encrypted, are put back. `proof` names the articles that an answer was made of.";

impl Rights {
    /// Reads everything of a conversation. Recorded in the audit log.
    ///
    /// # Errors
    /// [`RightsError::Unknown`] when nothing is stored of it.
    pub async fn export(&self, id: Uuid, actor: Actor) -> Result<Export, RightsError> {
        if !self.personal.knows(id).await? {
            return Err(RightsError::Unknown(id));
        }
        self.audit.record(actor, "conversation.exported", Subject::Conversation(id)).await?;
        let restorer = match self.settings.export_notes {
            true => self.vault.restorer_with_notes(id).await?,
            false => self.vault.restorer(id).await?,
        };
        let mut stored = Map::new();
        for table in self.personal.export(id).await? {
            let mut rows = table.rows;
            rows.retain(|row| {
                self.settings.export_notes || row.get("author") != Some(&"note".into())
            });
            let rows = rows.into_iter().map(Value::Object).map(|row| restored(row, &restorer));
            stored.insert(table.table, rows.collect());
        }
        let originals =
            restorer.all().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let name = id.simple().to_string();
        let objections = self.choices.objections(ConversationId(id)).await?;
        let hold = self.privacy.holds().await?.into_iter().find(|h| h.conversation == name);
        Ok(Export {
            format: "atbilde-export/1",
            conversation_id: name,
            exported_at: Timestamp::now().to_string(),
            about: ABOUT,
            stored,
            originals,
            records: self.choices.choices(ConversationId(id)).await?,
            opted_out: objections.analysis,
            objections,
            legal_hold: hold,
        })
    }
}

/// The value with originals in all its texts.
fn restored(value: Value, restorer: &Restorer) -> Value {
    match value {
        Value::String(text) => Value::String(restorer.restore(&text)),
        Value::Array(all) => all.into_iter().map(|v| restored(v, restorer)).collect(),
        Value::Object(all) => {
            all.into_iter().map(|(name, v)| (name, restored(v, restorer))).collect()
        }
        other => other,
    }
}

/// Of the page that a customer keeps: readable on paper, on a phone and in the dark.
const STYLE: &str = ":root{color-scheme:light dark}\
    body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}\
    h1{font-size:1.4rem}h2{margin:2rem 0 .5rem;font-size:1.15rem}dt{margin-top:.9rem;font-size:.9rem;opacity:.75}\
    dd{margin:0}dl dl{padding-left:1rem;border-left:2px solid #8886}dl dl dt{margin-top:.4rem}";

impl Export {
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// A page without scripts, for people: the conversation first, then everything else.
    pub fn to_html(&self) -> String {
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Conversation {0}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<style>{3}</style>\n\
             <h1>Conversation {0}</h1>\n<p>Exported {1}. {2}</p>\n<h2>What was said</h2>\n<dl>\n",
            escaped(&self.conversation_id),
            escaped(&self.exported_at),
            escaped(self.about),
            STYLE,
        );
        for message in self.stored.get("messages").and_then(Value::as_array).into_iter().flatten() {
            let field = |name: &str| escaped(message[name].as_str().unwrap_or_default());
            page.push_str(&format!(
                "<dt>{}, {}</dt>\n<dd>{}</dd>\n",
                field("author"),
                field("at"),
                field("text").replace('\n', "<br>")
            ));
        }
        page.push_str("</dl>\n");
        let mut all = serde_json::to_value(self).unwrap_or_default();
        for name in ["format", "conversation_id", "exported_at", "about"] {
            if let Some(all) = all.as_object_mut() {
                all.remove(name);
            }
        }
        for (name, part) in all.as_object().into_iter().flatten() {
            page.push_str(&format!("<h2>{}</h2>\n", escaped(name)));
            table(&mut page, part);
        }
        page.push_str("</html>\n");
        page
    }
}

/// A value as nested lists of names and values.
fn table(page: &mut String, value: &Value) {
    match value {
        Value::Object(all) => {
            page.push_str("<dl>\n");
            for (name, value) in all {
                page.push_str(&format!("<dt>{}</dt>\n<dd>", escaped(name)));
                table(page, value);
                page.push_str("</dd>\n");
            }
            page.push_str("</dl>\n");
        }
        Value::Array(all) => {
            page.push_str("<ol>\n");
            for value in all {
                page.push_str("<li>");
                table(page, value);
                page.push_str("</li>\n");
            }
            page.push_str("</ol>\n");
        }
        Value::String(text) => page.push_str(&escaped(text).replace('\n', "<br>")),
        other => page.push_str(&escaped(&other.to_string())),
    }
}
