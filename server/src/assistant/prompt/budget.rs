//! What fits into a model's context: passages are dropped whole, the question never.
//!
//! Called before a prompt is rendered. The caller counts tokens with the model's own tokenizer, or
//! gives bounds that they cannot exceed; the order of giving up is: older turns, then passages from the least useful one, then the last turns.

/// Sizes of everything that wants a place, in tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Tokens of the prompt at most: context less the room for the answer.
    pub limit: usize,
    /// Rules, question and all tags.
    pub fixed: usize,
    /// Passages, most useful first.
    pub passages: Vec<usize>,
    /// Turns, oldest first.
    pub turns: Vec<usize>,
}

/// What has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// The first `passages` of the list.
    pub passages: usize,
    /// The last `turns` of the list.
    pub turns: usize,
}

/// Not even the question with the best passage has a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the question needs {needed} tokens with its best passage and the model takes {limit}; \
     give the model a larger context or cut passages shorter"
)]
pub struct TooSmall {
    pub needed: usize,
    pub limit: usize,
}

/// Turns that stay as long as passages can be dropped instead.
const RECENT_TURNS: usize = 2;

impl Budget {
    /// The largest part that fits.
    ///
    /// # Errors
    /// [`TooSmall`] when the question and its best passage alone do not fit.
    pub fn fit(&self) -> Result<Fitted, TooSmall> {
        let (mut passages, mut turns) = (self.passages.len(), self.turns.len());
        while self.total(passages, turns) > self.limit {
            if turns > RECENT_TURNS {
                turns -= 1;
            } else if passages > 1 {
                passages -= 1;
            } else if turns > 0 {
                turns -= 1;
            } else {
                return Err(TooSmall { needed: self.total(passages, 0), limit: self.limit });
            }
        }
        Ok(Fitted { passages, turns })
    }

    /// Whether nothing has to be given up.
    pub fn holds_all(&self) -> bool {
        self.total(self.passages.len(), self.turns.len()) <= self.limit
    }

    /// Tokens with the first `passages` and the last `turns`.
    fn total(&self, passages: usize, turns: usize) -> usize {
        let passages: usize = self.passages[..passages].iter().sum();
        let turns: usize = self.turns[self.turns.len() - turns..].iter().sum();
        self.fixed.saturating_add(passages).saturating_add(turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_turns_go_first_then_the_least_useful_passages() {
        let budget = |limit| Budget {
            limit,
            fixed: 100,
            passages: vec![50, 50, 50],
            turns: vec![20, 20, 20, 20],
        };
        let fit = |limit| budget(limit).fit().map(|f| (f.passages, f.turns));
        assert_eq!(fit(1000), Ok((3, 4)));
        assert_eq!(fit(300), Ok((3, 2)));
        assert_eq!(fit(250), Ok((2, 2)));
        assert_eq!(fit(190), Ok((1, 2)));
        assert_eq!(fit(150), Ok((1, 0)));
        assert_eq!(fit(149), Err(TooSmall { needed: 150, limit: 149 }));
        assert!(budget(330).holds_all() && !budget(329).holds_all());
    }
}
