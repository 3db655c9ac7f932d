//! What queries of conversations and messages read, said once. `store::rows` makes values of it.

/// What every query of conversations reads; goes on with `WHERE` and so on.
macro_rules! select_conversations {
    ($rest:literal) => {
        concat!(
            "SELECT c.*, a.name AS agent_name, e.ticket, e.reason, e.at AS ticket_at, f.stars, \
             f.comment FROM conv_conversations c \
             LEFT JOIN conv_agents a ON a.id = c.agent \
             LEFT JOIN conv_escalations e \
                 ON e.conversation = c.id AND e.status IN ('waiting', 'with_agent') \
             LEFT JOIN conv_feedback f ON f.conversation = c.id AND f.seq = 0 ",
            $rest
        )
    };
}

/// What every query of messages reads.
macro_rules! select_messages {
    ($rest:literal) => {
        concat!(
            "SELECT m.*, a.name AS agent_name, f.helpful FROM conv_messages m \
             LEFT JOIN conv_agents a ON a.id = m.agent \
             LEFT JOIN conv_feedback f ON f.conversation = m.conversation AND f.seq = m.seq ",
            $rest
        )
    };
}

pub(super) use {select_conversations, select_messages};
