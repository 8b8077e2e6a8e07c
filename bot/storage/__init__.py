"""What may be remembered: daily counters, messages to be cleared, what a reader chose; no text and no plain number."""
