-- A new summary changes what agents see of a conversation and nothing of its own row; said as feedback is.
CREATE TRIGGER conv_summary_changed AFTER UPDATE OF summary ON conv_escalations
    FOR EACH ROW EXECUTE FUNCTION conv_feedback_changed();
