"""The benchmarks over HTTP: the bot beside a stub Bot API server, and beside other bots."""
