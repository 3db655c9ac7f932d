//! Where the words of a text stand: words that stand together in the question and in the text mean the
//! same more likely than words that are scattered over it.

use std::collections::HashMap;

use indexer::language::Analyzer;

/// Words from one term to the next that still belong together.
const NEAR: u32 = 3;
/// Words between one text and the next, so that none follows across.
const APART: u32 = 16;

/// The positions of every stem of a text.
#[derive(Debug, Clone, Default)]
pub struct WordOrder(HashMap<String, Vec<u32>>);

impl WordOrder {
    /// Of several texts, one after the other.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, analyzer: &Analyzer) -> Self {
        let mut out: HashMap<String, Vec<u32>> = HashMap::new();
        let mut start = 0;
        for text in texts {
            let terms = analyzer.terms(text);
            let end = terms.iter().map(|t| t.position).max().unwrap_or(0);
            for term in terms {
                out.entry(term.text).or_default().push(start + term.position);
            }
            start += end + APART;
        }
        Self(out)
    }

    /// Whether `second` stands at most [`NEAR`] words behind `first` anywhere.
    pub fn follows(&self, first: &str, second: &str) -> bool {
        let (Some(first), Some(second)) = (self.0.get(first), self.0.get(second)) else {
            return false;
        };
        // Both lists rise: for each place of the first the next place of the second is looked at.
        let mut next = second.iter().peekable();
        first.iter().any(|place| {
            while next.next_if(|at| *at <= place).is_some() {}
            next.peek().is_some_and(|at| **at - place <= NEAR)
        })
    }
}

#[cfg(test)]
mod tests {
    use indexer::model::Locale;

    use super::*;

    #[test]
    fn words_follow_each_other_closely_in_their_order_and_within_one_text() {
        let analyzer = Analyzer::new(&Locale::parse("en").unwrap());
        let text =
            "Refund of a gift card takes long. A parcel takes ten whole days, they say, to Riga";
        let order = WordOrder::of([text, "delivery"], &analyzer);
        assert!(order.follows("gift", "card") && order.follows("card", "take"));
        assert!(order.follows("parcel", "take"), "the second time it is near");
        assert!(!order.follows("card", "gift"), "the other way round");
        assert!(!order.follows("refund", "take"), "too far");
        assert!(!order.follows("riga", "deliveri"), "another text");
        assert!(!order.follows("missing", "card"));
    }
}
