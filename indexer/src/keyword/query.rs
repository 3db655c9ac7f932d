//! The analysed question: which terms it asks for and how rare they are here.
//!
//! Used by `reader`; `plan` turns the result into the engine's query. Customer text is only ever
//! cut into terms, never parsed: `title:*` asks for the word "title".

use std::collections::HashSet;

use tantivy::Term;
use tantivy::schema::Field;

use super::families;
use super::schema::Fields;
use super::statistics::Statistics;
use super::writer::code_of;
use crate::language::{self, Analysed, Analyzer, Concept, TermKind, bare_code};
use crate::model::{Locale, PassageId};

/// A function word that one passage in so many has, or fewer, may be a subject.
const SUBJECT: u64 = 30;
/// A code in more than one passage in so many, as "COVID-19" where all is about it, is a word like others.
const TELLING: u64 = 50;
/// ... unless there are only so many of them.
const FEW: u64 = 3;
/// Terms of a question that are searched: the rarest ones of a longer question.
const TERMS: usize = 48;
/// Terms of what was said before it that are searched, likewise.
const EARLIER_TERMS: usize = 24;
/// Function words of a question that are searched, the first ones.
const FUNCTION_WORDS: usize = 16;
/// Bytes of a question that are read.
const BYTES: usize = 16 * 1024;
/// Words of a question in which codes typed with spaces ("E PAY 07") are looked for.
const CODE_WORDS: usize = 128;
/// Longest code typed with spaces, in words.
const CODE_SPAN: usize = 4;

/// A question to the keyword index.
#[derive(Debug, Clone, PartialEq)]
pub struct KeywordQuery {
    pub text: String,
    /// Language of the question: chooses stemmer and function words. Passages in other languages
    /// are reached through the words without diacritics.
    pub locale: Locale,
    /// What was said before it, or is taken for its meaning, with the share that its terms count, below 1.
    pub earlier: Vec<(String, f32)>,
}

/// One found passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeywordHit {
    pub id: PassageId,
    /// BM25 with boosts, greater than 0, without an upper bound.
    pub score: f32,
}

/// One content term of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    pub text: String,
    /// A code only where it tells passages apart: neither "1st" nor "7:30", nor one that many have.
    pub kind: TermKind,
    /// `ln(1 + (N - n + 0.5) / (n + 0.5))`, with n of the index's N passages holding the term:
    /// BM25's inverse document frequency.
    pub idf: f32,
    /// The n of the formula; 0 for a term that the base does not know.
    pub passages: u64,
    /// Concepts that the term stands for, in the form of [`Analyzer::keys`].
    pub concepts: Vec<String>,
    /// 1 for a term of the question, less for one of what was said before it.
    pub share: f32,
    /// Whether it says that somebody asks ("I want to know", the "long" of "how long") rather than what about.
    pub asks: bool,
    /// A code that the base lacks, although it has several of that kind.
    pub unlisted: bool,
}

/// What a search gives back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeywordHits {
    /// Best first.
    pub hits: Vec<KeywordHit>,
    /// The terms that were searched, in the question's order.
    pub terms: Vec<QueryTerm>,
}

/// A term with all the forms under which it may be stored.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    text: String,
    kind: TermKind,
    place: usize,
    passages: u64,
    idf: f32,
    concepts: Vec<String>,
    share: f32,
    asks: bool,
    unlisted: bool,
    /// Engine terms that occur in the index.
    pub(super) forms: Vec<Form>,
}

/// One engine term, and what its field's weight is for.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) term: Term,
    pub(super) idf: f32,
    /// Less than 1 for a concept that several terms of the question carry together, and for a term of
    /// what was said before.
    pub(super) share: f32,
}

/// The analysed question.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    /// What it asks for.
    pub(super) content: Vec<Wanted>,
    /// Its function words as they are stored in titles, headings and bodies, a list a word: how
    /// something is asked ("how do I", "what is my") tells a little where the content is alike.
    pub(super) function: Vec<Vec<Form>>,
}

impl Wanted {
    pub(super) fn report(&self) -> QueryTerm {
        QueryTerm {
            text: self.text.clone(),
            kind: self.kind,
            idf: self.idf,
            passages: self.passages,
            concepts: self.concepts.clone(),
            share: self.share,
            asks: self.asks,
            unlisted: self.unlisted,
        }
    }

    /// Makes it a term of what was said before the question.
    fn weaken(&mut self, share: f32) {
        self.share = share;
        self.forms.iter_mut().for_each(|form| form.share *= share);
    }
}

impl KeywordQuery {
    /// The question's terms without function words (unless it has nothing else) and repetitions,
    /// at most [`TERMS`] of them, in the question's order; then those of what was said before that the
    /// question does not have itself. Its function words stand apart.
    pub(super) fn terms(&self, live: &Statistics, fields: &Fields) -> tantivy::Result<Terms> {
        let lookup = Lookup { live, fields };
        let mut asked = self.terms_of(&self.text, &lookup, TERMS)?;
        for (text, share) in &self.earlier {
            for mut one in self.terms_of(text, &lookup, EARLIER_TERMS)?.content {
                if !asked.content.iter().any(|w| w.text == one.text) {
                    one.weaken(*share);
                    asked.content.push(one);
                }
            }
        }
        Ok(asked)
    }

    fn terms_of(&self, text: &str, lookup: &Lookup<'_>, limit: usize) -> tantivy::Result<Terms> {
        let analyzer = Analyzer::new(&self.locale);
        let analysed = analyzer.analyse(head(text));
        let concepts = analyzer.concepts(&analysed);
        let only_stops = analysed.iter().all(|a| a.term.stop);
        let mut seen = HashSet::new();
        let (mut wanted, mut function) = (Vec::new(), Vec::new());
        let mut next = 0;
        let mut last = "";
        for group in groups(&analysed) {
            let before = std::mem::replace(&mut last, group[0].folded.as_str());
            let places = next..next + group.len();
            next = places.end;
            let main = &group[0].term;
            if !seen.insert((main.text.clone(), &group[0].folded)) {
                continue;
            }
            if main.stop && !only_stops && !self.is_subject(&group[0], lookup)? {
                if function.len() < FUNCTION_WORDS {
                    function.push(lookup.stem(&main.text)?);
                }
                continue;
            }
            let mut one = lookup.wanted(group, wanted.len())?;
            one.asks = language::asks(self.locale.language(), before, &group[0].folded);
            for concept in
                concepts.iter().filter(|c| places.clone().any(|p| c.terms().contains(&p)))
            {
                lookup.concept(concept, &analysed, &mut one)?;
            }
            wanted.push(one);
        }
        lookup.spaced_codes(&analysed, &mut wanted)?;
        wanted.sort_by(|a, b| {
            (b.passages > 0)
                .cmp(&(a.passages > 0))
                .then(b.idf.total_cmp(&a.idf))
                .then(a.place.cmp(&b.place))
        });
        wanted.truncate(limit);
        wanted.sort_by_key(|w| w.place);
        function.retain(|forms: &Vec<Form>| !forms.is_empty());
        Ok(Terms { content: wanted, function })
    }
}

impl KeywordQuery {
    /// Whether a function word is the subject of some few articles: it stands in their titles and hardly
    /// anywhere else, as "down" does where sleeping bags are sold.
    fn is_subject(&self, word: &Analysed, lookup: &Lookup<'_>) -> tantivy::Result<bool> {
        if !language::may_be_subject(self.locale.language(), &word.folded) {
            return Ok(false);
        }
        let (live, fields) = (lookup.live, lookup.fields);
        let with = |field| live.with(&Term::from_field_text(field, &word.term.text));
        let titled = with(fields.title)?;
        Ok(titled > 0 && titled.max(with(fields.body)?) * SUBJECT <= live.passages())
    }
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A term and the further forms that follow it.
fn groups(analysed: &[Analysed]) -> impl Iterator<Item = &[Analysed]> {
    analysed.chunk_by(|_, next| next.term.variant)
}

struct Lookup<'a> {
    live: &'a Statistics,
    fields: &'a Fields,
}

impl Lookup<'_> {
    fn wanted(&self, group: &[Analysed], place: usize) -> tantivy::Result<Wanted> {
        let main = &group[0];
        let everyday = main.term.kind == TermKind::Code && language::is_everyday(&main.folded);
        let mut forms = Vec::new();
        let mut passages = 0;
        let mut parts = 0;
        for one in group {
            let found = self.forms(one, !everyday, &mut forms)?;
            if one.term.position == main.term.position && one.term.kind == main.term.kind {
                passages = passages.max(found);
            } else {
                parts = parts.max(found);
            }
        }
        let code = main.term.kind == TermKind::Code && !everyday;
        let unlisted = code && passages == 0 && self.is_of_a_told_kind(&main.folded)?;
        let passages = if passages > 0 { passages } else { parts };
        let names = code && self.is_rare(passages);
        Ok(Wanted {
            text: main.term.text.clone(),
            kind: match main.term.kind {
                TermKind::Code if !names => TermKind::Word,
                kind => kind,
            },
            place,
            passages,
            idf: self.idf(passages),
            concepts: Vec::new(),
            share: 1.0,
            asks: false,
            unlisted,
            forms,
        })
    }

    /// Whether the base has other codes with the letters of this one, however they are written.
    fn is_of_a_told_kind(&self, code: &str) -> tantivy::Result<bool> {
        families::is_told(&bare_code(code), (self.live, self.fields))
    }

    /// Adds a concept that the term carries, alone or with its neighbours. A word that the base
    /// does not have is as rare as its concept.
    fn concept(
        &self,
        concept: &Concept,
        analysed: &[Analysed],
        wanted: &mut Wanted,
    ) -> tantivy::Result<()> {
        let key = Analyzer::concept_key(concept.gloss);
        if wanted.concepts.contains(&key) {
            return Ok(());
        }
        let before = wanted.forms.len();
        let passages = self.form(self.fields.concepts, concept.gloss, &mut wanted.forms)?;
        let carriers = analysed[concept.terms()].iter().filter(|a| !a.term.variant && !a.term.stop);
        for form in &mut wanted.forms[before..] {
            form.share = 1.0 / carriers.clone().count().max(1) as f32;
        }
        if wanted.passages == 0 && passages > 0 {
            wanted.passages = passages;
            wanted.idf = self.idf(passages);
        }
        wanted.concepts.push(key);
        Ok(())
    }

    /// The engine terms of a stem alone.
    fn stem(&self, stem: &str) -> tantivy::Result<Vec<Form>> {
        let mut forms = Vec::new();
        for field in [self.fields.title, self.fields.headings, self.fields.body] {
            self.form(field, stem, &mut forms)?;
        }
        Ok(forms)
    }

    /// Whether so few passages have it that it tells them from others.
    fn is_rare(&self, passages: u64) -> bool {
        passages <= FEW.max(self.live.passages() / TELLING)
    }

    /// Adds the engine terms of one form, as a `code` too where it may be one; returns in how many
    /// passages the commonest occurs.
    fn forms(&self, one: &Analysed, code: bool, forms: &mut Vec<Form>) -> tantivy::Result<u64> {
        let fields = self.fields;
        let mut most = 0;
        let stems = [Some(&one.term.text), one.alternative.as_ref()];
        for stem in stems.into_iter().flatten() {
            for field in [fields.title, fields.headings, fields.body] {
                most = most.max(self.form(field, stem, forms)?);
            }
        }
        most = most.max(self.form(fields.folded, &one.folded, forms)?);
        // A word may be the spelling of a code without its dash ("usb-c", "usbc").
        if code && (one.term.kind != TermKind::Number || code_of(one).is_some()) {
            most = most.max(self.form(fields.code, &one.folded, forms)?);
        }
        Ok(most)
    }

    fn form(&self, field: Field, text: &str, forms: &mut Vec<Form>) -> tantivy::Result<u64> {
        let term = Term::from_field_text(field, text);
        let passages = self.live.with(&term)?;
        if passages > 0 && !forms.iter().any(|f| f.term == term) {
            let idf = self.idf(passages);
            forms.push(Form { term, idf, share: 1.0 });
        }
        Ok(passages)
    }

    /// Codes typed with spaces: neighbouring words that make a stored code when joined.
    fn spaced_codes(&self, analysed: &[Analysed], wanted: &mut Vec<Wanted>) -> tantivy::Result<()> {
        let words: Vec<&Analysed> = analysed
            .iter()
            .filter(|a| !a.term.variant && a.term.kind != TermKind::Code)
            .take(CODE_WORDS)
            .collect();
        for start in 0..words.len() {
            let mut joined = words[start].folded.clone();
            // "I'm 17" is nobody's I-17.
            let names = !words[start].term.stop;
            for word in words.iter().skip(start + 1).take(CODE_SPAN - 1) {
                joined.push_str(&word.folded);
                let mut forms = Vec::new();
                let passages = self.form(self.fields.code, &joined, &mut forms)?;
                let unlisted = names && passages == 0 && self.is_of_a_told_kind(&joined)?;
                if (passages > 0 || unlisted) && !wanted.iter().any(|w| w.text == joined) {
                    wanted.push(Wanted {
                        text: joined.clone(),
                        kind: TermKind::Code,
                        place: wanted.len(),
                        passages,
                        idf: self.idf(passages),
                        concepts: Vec::new(),
                        share: 1.0,
                        asks: false,
                        unlisted,
                        forms,
                    });
                }
            }
        }
        Ok(())
    }

    fn idf(&self, passages: u64) -> f32 {
        let all = self.live.passages();
        let (all, with) = (all as f32, passages.min(all) as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}
