"""The command line: `unspoken run | chat | classify | check | fit | ...`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import Annotated

import typer

from bot.chat import read_lines, run_plain, run_terminal
from bot.classify import classify_lines
from bot.cli_doctor import app as doctoring
from bot.cli_measure import app as measuring
from bot.cli_operate import app as operating
from bot.cli_write import app as writing
from bot.content.catalogue import require_catalogue
from bot.content.checklist import done_on
from bot.content.paths import content_root, sentences_root
from bot.errors import ContentError, UnspokenError
from bot.log import place_of, quiet_crashes, setup_logging
from bot.settings import Settings, load_settings
from bot.start import make_conversation, make_engine, today

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Unspoken: an anonymous guide in Telegram for questions people can ask nobody.",
)  # fmt: skip

app.registered_commands.extend(measuring.registered_commands)
app.registered_commands.extend(writing.registered_commands)
app.registered_commands.extend(operating.registered_commands)
app.registered_commands.extend(doctoring.registered_commands)


@app.command()
def run() -> None:
    """Run the Telegram bot, or the terminal chat where no token is set."""
    settings = load_settings()
    if settings.token is None:
        _chat(settings)
        return
    from bot.app import run_bot  # the library takes half a second to import; the chat needs none of it

    setup_logging(settings.log_level)
    quiet_crashes()
    if done_on(settings.data_dir, content_root(), settings.country) is None:
        logging.getLogger(__name__).warning(
            "nobody has checked the help lines for %s yet: run `unspoken resources --checklist`", settings.country
        )
    engine = make_engine(settings)
    asyncio.run(run_bot(settings, engine, require_catalogue(content_root())))


@app.command()
def chat() -> None:
    """Talk to Unspoken in this terminal; with piped input, a message a line."""
    _chat(load_settings())


@app.command()
def classify() -> None:
    """Read JSONL with `text` on standard input and write what was understood."""
    status = classify_lines(make_engine(load_settings()), read_lines(), sys.stdout)
    raise typer.Exit(status)


@app.command()
def check(
    release: Annotated[bool, typer.Option(help="fail on help lines past their check date too")] = False,
) -> None:
    """Check all content files; prints every problem as `path: problem`."""
    from bot.content.checklist import stale_lines
    from bot.content.resourcefile import load_resources
    from bot.quality.check import check_content

    settings = load_settings()
    problems = check_content(content_root(), sentences_root(), lambda: make_engine(settings, semantic=False))
    stale = stale_lines(load_resources(content_root())[0], today())
    failing = (*problems, *stale) if release else problems
    for problem in failing:
        sys.stdout.write(problem + "\n")
    for problem in () if release else stale:
        sys.stdout.write(f"warning: {problem}\n")
    sys.stdout.write(f"{len(failing)} problems\n" if failing else "content is sound\n")
    raise typer.Exit(2 if failing else 0)


@app.command()
def resources(
    checklist: Annotated[bool, typer.Option(help="print what must be called or opened before going live")] = False,
    country: Annotated[str, typer.Option(help="country code; default UNSPOKEN_COUNTRY")] = "",
    done: Annotated[bool, typer.Option(help="record that the list was gone through today")] = False,
) -> None:
    """Help lines: the checklist for an operator, and the record that it was done."""
    from bot.content import checklist as lists
    from bot.content.places import COUNTRIES

    settings = load_settings()
    code = (country or settings.country).upper()
    if code not in COUNTRIES:
        raise UnspokenError(f"resources: --country must be one of {', '.join(COUNTRIES)}")
    root = content_root()
    if checklist:
        for line in lists.checklist(require_catalogue(root).resources, code):
            sys.stdout.write(line + "\n")
    if done:
        lists.record_done(settings.data_dir, root, code, today())
    day = lists.done_on(settings.data_dir, root, code)
    sys.stdout.write(f"{code}: gone through on {day}\n" if day else f"{code}: not gone through for this file yet\n")


@app.command()
def fit() -> None:
    """Fit the matcher on the content files, where the stored one is not current."""
    make_engine(load_settings())
    sys.stdout.write("the matcher is current\n")


def _chat(settings: Settings) -> None:
    conversation = make_conversation(settings)
    if sys.stdin.isatty():
        run_terminal(conversation)
    else:
        run_plain(conversation, read_lines(), sys.stdout)


def main() -> None:
    """Run the command line; every error of ours is one line and exit status 2."""
    try:
        app(standalone_mode=True)
    except ContentError as error:
        for problem in error.problems:
            sys.stderr.write(f"unspoken: {problem}\n")
        sys.exit(2)
    except UnspokenError as error:
        sys.stderr.write(f"unspoken: {error}\n")
        sys.exit(2)
    except (KeyboardInterrupt, BrokenPipeError):
        # Nothing more can be written; a reader of the pipe that went away is no error of ours.
        os._exit(130)
    except Exception as error:  # noqa: BLE001, RUF100 - its message may quote what somebody wrote
        sys.stderr.write(f"unspoken: ended by a fault of its own: {place_of(error)}; please report this line\n")
        sys.exit(1)
