"""Runs the server alone: `python -m tests.bot_api --port 8081 --token 123:TEST`."""

import argparse
import asyncio
import contextlib
import sys

from .console import talk
from .server import BotApiServer


async def _serve(arguments: argparse.Namespace) -> None:
    async with BotApiServer(arguments.token, arguments.username, port=arguments.port) as api:
        sys.stdout.write(f"Bot API at {api.url} for the token {arguments.token}\n")
        sys.stdout.write("Type what a person says, or the number of a button; end with Ctrl-D.\n")
        sys.stdout.flush()
        await talk(api, api.person(arguments.name, language_code=arguments.language))


def main() -> None:
    """Reads the arguments and serves until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default="123:TEST")
    parser.add_argument("--username", default="unspoken_test_bot")
    parser.add_argument("--name", default="Alex", help="first name of the person at the console")
    parser.add_argument("--language", default="en", help="language code of that person")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
