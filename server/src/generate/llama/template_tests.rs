//! Tests of chat templates in the forms that public models use: what Python's Jinja would give must come out.

use super::template::{ChatMessage, ChatTemplate, Role, SpecialTokens};
use super::template_families::Family;

const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}\
{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const LLAMA3: &str = "{% set loop_messages = messages %}{% for message in loop_messages %}\
{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}\
{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

/// With blocks on lines of their own: whether they leave empty lines depends on the environment.
const MISTRAL: &str = r#"
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
        {{- raise_exception("roles must alternate") }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- endif %}
{%- endfor %}"#;

const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}\
{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}\
{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

/// A thinking model's: namespaces, slices from the end, Python's string methods, `is string`, a switch for thinking.
const QWEN3: &str = r"
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == 'user' and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == 'user') or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == 'assistant' %}
        {%- set content = message.content %}
        {%- if '</think>' in content %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\n' + content }}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}";

fn specials() -> SpecialTokens {
    SpecialTokens { bos: "<s>".into(), eos: "</s>".into() }
}

fn say(role: Role, content: &str) -> ChatMessage {
    ChatMessage { role, content: content.into() }
}

fn conversation() -> Vec<ChatMessage> {
    vec![
        say(Role::System, "Be brief."),
        say(Role::User, "Hi {{ bos_token }} {% raw %}"),
        say(Role::Assistant, "Hello."),
        say(Role::User, "Why?"),
    ]
}

fn rendered(source: &str) -> String {
    let template = ChatTemplate::of_model(Some(source.into()), None, Family::Plain, specials())
        .expect("a usable template");
    template.render(&conversation()).expect("rendered").text
}

#[test]
fn chatml() {
    assert_eq!(
        rendered(CHATML),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi {{ bos_token }} {% raw %}<|im_end|>\n\
         <|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn llama3() {
    assert_eq!(
        rendered(LLAMA3),
        "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n\
         Hi {{ bos_token }} {% raw %}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>\
         <|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    );
}

#[test]
fn mistral() {
    assert_eq!(
        rendered(MISTRAL),
        "<s>[INST] Hi {{ bos_token }} {% raw %}[/INST] Hello.</s>[INST] Be brief.\n\nWhy?[/INST]"
    );
}

#[test]
fn gemma_gets_the_system_message_in_the_first_turn() {
    assert_eq!(
        rendered(GEMMA),
        "<s><start_of_turn>user\nBe brief.\n\nHi {{ bos_token }} {% raw %}<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n\
         <start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n"
    );
}

#[test]
fn a_thinking_models_template_is_told_not_to_think() {
    let text = rendered(QWEN3);
    assert!(
        text.ends_with(
            "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
        ),
        "{text}"
    );
    assert!(
        text.starts_with("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi"),
        "{text}"
    );
}

#[test]
fn a_prompt_that_opens_a_thought_says_so() {
    let source = format!("{CHATML}<think>\n");
    let template =
        ChatTemplate::of_model(Some(source), None, Family::ChatMl, specials()).expect("usable");
    assert!(template.render(&conversation()).expect("rendered").opens_thought);
}

#[test]
fn helpers_that_templates_use_are_there() {
    let source = "{{ strftime_now('%Y') | length }} {{ [1, {'a': 'ž<'}] | tojson }} {{ {'a': [1]} | tojson(indent=2) }}\
        {% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.content.strip().upper() }}{% break %}{% endfor %}\
        {{ 'a,b'.split(',')[1] }}{{ ' x '.strip() }}{{ messages[-1].content.replace('W', 'w') }} probing question".to_owned();
    let template =
        ChatTemplate::of_model(Some(source), None, Family::Plain, specials()).expect("usable");
    let text = template.render(&conversation()).expect("rendered").text;
    assert!(text.starts_with("4 [1, {\"a\": \"ž<\"}] {\n  \"a\": [\n    1\n  ]\n}"), "{text}");
    assert!(text.contains("HI {{ BOS_TOKEN }} {% RAW %}bxwhy?"), "{text}");
}

#[test]
fn a_broken_template_of_the_model_falls_back_to_its_family() {
    for broken in [
        "{% for m in",
        "{{ raise_exception('never') }}",
        "nothing of the conversation",
        "{{ messages.no_such_method() }}",
    ] {
        let template =
            ChatTemplate::of_model(None, Some(broken.into()), Family::ChatMl, specials())
                .expect("the family's");
        let text = template.render(&conversation()).expect("rendered").text;
        assert!(text.starts_with("<|im_start|>system\nBe brief.<|im_end|>\n"), "{broken}: {text}");
    }
}

#[test]
fn a_broken_overriding_template_is_an_error() {
    let result =
        ChatTemplate::of_model(Some("{% for m in".into()), None, Family::ChatMl, specials());
    assert!(result.is_err());
}

#[test]
fn a_template_that_never_ends_is_stopped() {
    let endless =
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}".to_owned();
    assert!(ChatTemplate::of_model(Some(endless), None, Family::ChatMl, specials()).is_err());
}

#[test]
fn every_family_renders_a_conversation() {
    let families = [
        Family::ChatMl,
        Family::Llama3,
        Family::Mistral,
        Family::Gemma,
        Family::Phi,
        Family::Zephyr,
        Family::Plain,
    ];
    for family in families {
        let template = ChatTemplate::of_model(None, None, family, specials()).expect("parses");
        let text = template.render(&conversation()).expect("renders").text;
        let at = |words: &str| {
            text.find(words).unwrap_or_else(|| panic!("{family:?} lacks {words}: {text}"))
        };
        assert!(
            at("Be brief.") < at("Hi {{")
                && at("Hi {{") < at("Hello.")
                && at("Hello.") < at("Why?"),
            "{family:?}"
        );
    }
    let template = ChatTemplate::of_model(None, None, Family::Mistral, specials()).expect("parses");
    let text = template.render(&conversation()).expect("renders").text;
    assert_eq!(
        text,
        "<s>[INST] Be brief.\n\nHi {{ bos_token }} {% raw %} [/INST] Hello.</s>[INST] Why? [/INST]"
    );
}
