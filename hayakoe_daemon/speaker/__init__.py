"""From the journal to the sink: one announcement at a time, cut and resumed, never lost and never twice."""
