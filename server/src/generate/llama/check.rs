//! Whether the engine's settings can work, told before a model is loaded for them.
//!
//! Called by `handle` twice: when it starts, and when the context is made, which may hold fewer rows than were asked for.

use super::error::LoadError;
use super::settings::EngineSettings;
use super::step::LEAST_ON_GPU;

const MAX_SLOTS: usize = 64;
const MAX_BATCH: usize = 8192;
const LEAST_CONTEXT: usize = 256;
/// llama.cpp makes contexts of multiples of this.
const CONTEXT_STEP: usize = 256;

/// Where the weights are: on a GPU prompts and streams go into one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    OnGpu,
    OnCpu,
}

/// Whether an engine can run with these settings.
///
/// # Errors
/// [`LoadError::Settings`], which names the setting and what to set it to.
pub(super) fn settings(settings: &EngineSettings, weights: Weights) -> Result<(), LoadError> {
    if !(1..=MAX_SLOTS).contains(&settings.slots) {
        return wrong(format!("slots is {}: set it to 1 to {MAX_SLOTS}", settings.slots));
    }
    if settings.batch > MAX_BATCH {
        return wrong(format!("batch is {}: set it to at most {MAX_BATCH}", settings.batch));
    }
    if settings.context != 0 && settings.context < LEAST_CONTEXT {
        return wrong(format!(
            "context is {}: set it to 0 or at least {LEAST_CONTEXT}",
            settings.context
        ));
    }
    // No call has more rows than the context has cells.
    let cells = match settings.context {
        0 => usize::MAX,
        cells => cells.checked_next_multiple_of(CONTEXT_STEP).unwrap_or(usize::MAX),
    };
    call(settings, settings.batch.min(cells), weights)
}

/// Whether a call of at most `capacity` rows holds what it has to: of every slot a token and its draft, and on a GPU beside
/// them enough of a prompt for it to be computed at all.
///
/// # Errors
/// [`LoadError::Settings`], which names the setting and what to set it to.
pub(super) fn call(
    settings: &EngineSettings,
    capacity: usize,
    weights: Weights,
) -> Result<(), LoadError> {
    let &EngineSettings { slots, max_draft, batch, .. } = settings;
    let streams = slots.saturating_mul(max_draft.saturating_add(1));
    let (prompt, what) = match weights {
        Weights::OnGpu => (LEAST_ON_GPU, format!(" and {LEAST_ON_GPU} tokens of a prompt")),
        Weights::OnCpu => (0, String::new()),
    };
    let needed = streams.saturating_add(prompt);
    if capacity >= needed {
        return Ok(());
    }
    let (setting, value) = if batch < needed { ("batch", batch) } else { ("context", capacity) };
    wrong(format!(
        "{setting} is {value}, but one call to the model must hold a token and a draft of up to {max_draft} of each \
         of the {slots} slots{what}: set {setting} to at least {needed}, or lower slots or max_draft"
    ))
}

fn wrong(reason: String) -> Result<(), LoadError> {
    Err(LoadError::Settings { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<(), LoadError>) -> String {
        result.expect_err("it cannot work").to_string()
    }

    #[test]
    fn on_a_gpu_a_prompt_needs_room_beside_the_drafts() {
        let full =
            EngineSettings { slots: 8, max_draft: 6, batch: 56, ..EngineSettings::default() };
        settings(&full, Weights::OnCpu).expect("prompts have calls of their own");
        let why = reason(settings(&full, Weights::OnGpu));
        assert!(why.contains("batch is 56") && why.contains("set batch to at least 72"), "{why}");
        settings(&EngineSettings { batch: 72, ..full }, Weights::OnGpu).expect("as it says");
    }

    #[test]
    fn a_small_context_bounds_a_call_too() {
        let many = EngineSettings { slots: 64, context: 256, ..EngineSettings::default() };
        for weights in [Weights::OnCpu, Weights::OnGpu] {
            let why = reason(settings(&many, weights));
            assert!(why.contains("context is 256"), "{why}");
        }
        settings(&EngineSettings { context: 257, ..many.clone() }, Weights::OnGpu)
            .expect("rounded up to 512 cells");
        let of_the_model = EngineSettings { context: 0, ..many };
        settings(&of_the_model, Weights::OnGpu).expect("not known yet");
        reason(call(&of_the_model, 128, Weights::OnGpu));
    }

    #[test]
    fn the_defaults_work_everywhere_and_absurd_values_overflow_nowhere() {
        for slots in [1, 8, MAX_SLOTS] {
            let usual = EngineSettings { slots, ..EngineSettings::default() };
            settings(&usual, Weights::OnGpu).expect("usable");
        }
        let default = EngineSettings::default;
        for absurd in [
            EngineSettings { max_draft: usize::MAX, ..default() },
            EngineSettings { batch: usize::MAX, ..default() },
            EngineSettings { slots: usize::MAX, ..default() },
            EngineSettings { batch: 0, context: usize::MAX, ..default() },
        ] {
            reason(settings(&absurd, Weights::OnCpu));
        }
    }
}
