//! Who writes the words of an answer. Today: sentences of the articles, verbatim.

pub mod extractive;
