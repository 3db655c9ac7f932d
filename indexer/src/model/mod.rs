//! The values of the indexer: documents, passages, hits. Pure data, no I/O.
//!
//! Every other module of this crate depends on these; these depend on none of them.

mod document;
mod filter;
mod hit;
mod passage;

pub use document::{Audience, DocPath, Document, DocumentMeta, Locale};
pub(crate) use filter::day_number;
pub use filter::{Filter, Validity};
pub use hit::{Generation, Hit, Retrieved, SearchTimings};
pub use passage::{EmbedHash, Passage, PassageId, Unit, UnitKind};
