"""Text in, decision out: pure functions without disk, clock, network or Telegram."""
