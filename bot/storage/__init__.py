"""What may be remembered: a schema version and daily counters; no row of any person."""
