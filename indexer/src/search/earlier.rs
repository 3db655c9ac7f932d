//! What was said before a question helps to find what it means: "and to Germany?" after a question about
//! delivery.
//!
//! Used by `search`. No message is rewritten and none is taken for the subject: the previous message
//! counts a share of the question, the one before it less, in the words that are searched and in the
//! vector. So a question that stands alone stays the strongest part of its own search, whether the
//! subject has changed or not. A message of the same conversation was embedded when it was asked and is
//! taken from the cache.
//!
//! A rewrite of the question is one more such text with a share of its own, below 1: where it is right it
//! leads, and where it is wrong the asker's own words still weigh more.

use super::{SearchQuery, SearchSettings};

/// What a message counts of the one after it.
const DECAY: f32 = 0.7;
/// Messages that are looked back at.
const BACK: usize = 4;

/// The texts that are searched beside the question, with their shares. A word that is in several counts
/// with the first, so the rewrite comes before the messages that it was made of.
pub(super) fn beside(query: &SearchQuery, settings: &SearchSettings) -> Vec<(String, f32)> {
    let rewrite = query.rewrite.iter().filter(|text| !text.trim().is_empty());
    let rewrite = rewrite.map(|text| (text.clone(), settings.rewrite_share));
    let mut beside: Vec<(String, f32)> = rewrite.filter(|(_, share)| *share > 0.0).collect();
    beside.extend(shares(&query.earlier, settings.earlier_share));
    beside
}

/// Each of the `earlier` messages (newest first) that counts, with its share.
fn shares(earlier: &[String], first: f32) -> Vec<(String, f32)> {
    let told = earlier.iter().filter(|text| !text.trim().is_empty()).take(BACK);
    let shares = std::iter::successors(Some(first), |share| Some(share * DECAY));
    told.cloned().zip(shares).filter(|(_, share)| *share > 0.0).collect()
}

/// The question's vector with the earlier ones added by their shares, of unit length.
pub(super) fn mixed<'a>(
    question: &[f32],
    earlier: impl IntoIterator<Item = (&'a [f32], f32)>,
) -> Vec<f32> {
    let mut sum = question.to_vec();
    for (vector, share) in earlier {
        sum.iter_mut().zip(vector).for_each(|(x, y)| *x += share * y);
    }
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|x| *x /= length);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_back_a_message_is_the_less_it_counts() {
        let told: Vec<String> = ["a", " ", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let shares = shares(&told, 0.4);
        let texts: Vec<&str> = shares.iter().map(|(t, _)| t.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c", "d"]);
        assert!(shares.windows(2).all(|w| w[1].1 < w[0].1));
        assert!(super::shares(&told, 0.0).is_empty());
    }

    #[test]
    fn a_rewrite_joins_what_was_said_and_replaces_nothing() {
        let mut query = SearchQuery {
            text: "and to Germany?".to_owned(),
            earlier: vec!["delivery to Finland".to_owned()],
            rewrite: Some("delivery to Germany".to_owned()),
            locale: None,
            filter: crate::model::Filter::public(jiff::civil::date(2026, 6, 15)),
            limit: 10,
        };
        let settings = SearchSettings::default();
        let texts = |query: &SearchQuery| -> Vec<String> {
            beside(query, &settings).into_iter().map(|(text, _)| text).collect()
        };
        assert_eq!(texts(&query), ["delivery to Germany", "delivery to Finland"]);
        assert!(beside(&query, &settings).iter().all(|(_, share)| *share < 1.0));
        query.rewrite = Some("  ".to_owned());
        assert_eq!(texts(&query), ["delivery to Finland"]);
    }

    #[test]
    fn the_question_stays_the_strongest_part_of_its_vector() {
        let mixed = mixed(&[1.0, 0.0], [(&[0.0, 1.0][..], 0.4)]);
        assert!((mixed[1] / mixed[0] - 0.4).abs() < 1e-6);
        assert!((mixed.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
