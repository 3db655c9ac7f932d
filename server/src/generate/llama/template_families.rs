//! Chat formats by family, for model files that carry no usable template.
//!
//! Called by `template` and `prompt`. Which family a model is of shows in the special tokens of its vocabulary.

/// A family of chat formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `<|im_start|>`: Qwen and many others.
    ChatMl,
    Llama3,
    /// `[INST]`, also Llama 2.
    Mistral,
    Gemma,
    Phi,
    /// `<|user|>` without turn ends of its own: Zephyr, TinyLlama.
    Zephyr,
    /// No chat tokens known: plain words.
    Plain,
}

impl Family {
    /// The family that the special tokens show; `has` says whether the vocabulary has such a token as one.
    pub fn of_vocabulary(has: impl Fn(&str) -> bool) -> Self {
        if has("<|im_start|>") {
            Self::ChatMl
        } else if has("<|start_header_id|>") {
            Self::Llama3
        } else if has("<start_of_turn>") {
            Self::Gemma
        } else if has("[INST]") {
            Self::Mistral
        } else if has("<|user|>") && has("<|end|>") {
            Self::Phi
        } else if has("<|user|>") {
            Self::Zephyr
        } else {
            Self::Plain
        }
    }

    /// Its template.
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::ChatMl => {
                "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
            }
            Self::Llama3 => {
                "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n\
                 {{ m.content }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n"
            }
            Self::Mistral => {
                "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{% if not loop.first %}\
                 {{ raise_exception('a system message must come first') }}{% endif %}[INST] {{ m.content }}\n\n\
                 {% elif m.role == 'user' %}{% if loop.first or messages[loop.index0 - 1].role != 'system' %}[INST] {% endif %}\
                 {{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
            }
            Self::Gemma => {
                "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system message') }}\
                 {% endif %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}<end_of_turn>\n\
                 {% endfor %}<start_of_turn>model\n"
            }
            Self::Phi => {
                "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}<|assistant|>\n"
            }
            Self::Zephyr => {
                "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{{ eos_token }}\n{% endfor %}<|assistant|>\n"
            }
            Self::Plain => {
                "{% for m in messages %}{{ m.role | title }}: {{ m.content }}\n\n{% endfor %}Assistant:"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_special_tokens_show_the_family() {
        let of = |tokens: &[&str]| Family::of_vocabulary(|token| tokens.contains(&token));
        assert_eq!(of(&["<|im_start|>", "<|user|>"]), Family::ChatMl);
        assert_eq!(of(&["<|start_header_id|>"]), Family::Llama3);
        assert_eq!(of(&["<start_of_turn>"]), Family::Gemma);
        assert_eq!(of(&["[INST]"]), Family::Mistral);
        assert_eq!(of(&["<|user|>", "<|end|>"]), Family::Phi);
        assert_eq!(of(&["<|user|>"]), Family::Zephyr);
        assert_eq!(of(&[]), Family::Plain);
    }
}
