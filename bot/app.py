"""The only assembly: settings, catalogue and store to the Telegram application, and its running."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from secrets import randbelow as secret_draw
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)
from telegram.request import BaseRequest

from bot.content.catalogue import Catalogue
from bot.content.clock import make_renderer
from bot.content.identity import load_identifier
from bot.content.paths import content_root
from bot.content.pseudonyms import load_pseudonyms
from bot.core.engine import Engine
from bot.core.noise import released
from bot.core.pseudonym import make_pseudonym
from bot.errors import SettingsError, TokenError
from bot.log import place_of
from bot.secret import derive_key, read_secrets
from bot.settings import Settings
from bot.storage.box import QuestionBox
from bot.storage.database import Database
from bot.storage.groups import Groups
from bot.storage.handled import Handled
from bot.storage.ledger import Ledger
from bot.storage.seal import Keys, Seal
from bot.storage.sessions import Sessions, purge_shared
from bot.storage.weekly import Weekly
from bot.tg.box import Box
from bot.tg.boxsweep import new_code
from bot.tg.clearing import Clearer
from bot.tg.desk import Desk
from bot.tg.drafts import Drafts
from bot.tg.groups import GroupDesk
from bot.tg.intake import Intake
from bot.tg.memory import ShortMemory
from bot.tg.payload import Signer
from bot.tg.personal import Personal
from bot.tg.post import Post
from bot.tg.profile import set_profile
from bot.tg.raw import heard
from bot.tg.share import Share
from bot.tg.shared import PURGE_SECONDS, Shared
from bot.tg.tally import Tally
from bot.tg.transport import AiohttpRequest

if TYPE_CHECKING:
    from bot.tg.turns import Turns
    from bot.tg.webhook import Webhook

log = logging.getLogger(__name__)
App = Application[Any, Any, Any, Any, Any, Any]
_FLUSH_SECONDS = 30.0
_START_WAIT = 1.0
_START_WAIT_MAX = 30.0
_CHORES_SECONDS = 600.0
_LAST_SECONDS = 1.0
_SWITCH_SECONDS = 0.0005
_GARBAGE = 20_000
"""new objects until the youngest are looked through: a turn makes a thousand, nearly none in circles"""
_REPLICA_BYTES = 8


def make_seal(secrets: list[bytes]) -> Seal:
    """Return what hashes and encrypts chats, from the secrets, the present one first."""
    purposes = ("chat hashes", "chat numbers", "texts")
    return Seal([Keys(*(derive_key(s, purpose) for purpose in purposes)) for s in secrets])


def make_desk(
    settings: Settings,
    engine: Engine,
    catalogue: Catalogue,
    database: Database,
    clock: Callable[[], float] = time.time,
) -> Desk:
    """Return what the handlers work with; `clock` gives seconds since 1970."""
    secrets = read_secrets(settings)
    letters = catalogue.letters
    signer = Signer([derive_key(s, "buttons") for s in secrets], letters)
    renderer = make_renderer(settings.country, settings.operator_contact, catalogue, settings.timezone)
    seal = make_seal(secrets)
    ledger = Ledger(database, seal)
    groups = Groups(database, seal)
    # What other replicas must be told of has the time that they have too.
    memory = ShortMemory(clock, set()) if settings.shares else ShortMemory()
    drafts = Drafts(new_code, clock, shared=True) if settings.shares else Drafts(new_code)
    post = Post(signer, ledger, clock=clock)
    counts = Weekly(database, seal, released)
    words = load_pseudonyms(content_root())
    questions = QuestionBox(database, seal, lambda: make_pseudonym(*words, secret_draw))
    identifier = load_identifier(content_root(), engine.lexicon)
    in_groups = GroupDesk(engine, renderer, post, groups, ledger, seal, memory, counts, questions, identifier, clock)
    box = Box(renderer, post, questions, identifier, in_groups, drafts=drafts, clock=clock)
    personal = Personal(engine, renderer, post, ledger, Clearer(ledger, clock), memory, in_groups, box, clock)
    return Desk(engine, renderer, signer, memory, database, post, personal, in_groups, box, clock)


def make_turns(settings: Settings, desk: Desk, database: Database) -> Turns | None:
    """Return what shares updates with other replicas; None where this program is alone."""
    if not settings.shares:
        return None
    from bot.storage.claims import Claims  # both know a server's dialect, which one program on SQLite does without
    from bot.tg.turns import Turns

    seal, ledger = desk.in_groups.seal, desk.personal.ledger
    shared = Shared(Sessions(database, seal), desk.memory, desk.box.drafts, ledger, desk.clock)
    return Turns(database, Claims(database, seal, token_bytes(_REPLICA_BYTES)), shared, desk.is_danger)


def build_application(settings: Settings, desk: Desk, request: BaseRequest | None = None) -> App:
    """Return the application with its handlers, not running; `request` replaces the transport in tests."""
    if settings.token is None:
        raise SettingsError("UNSPOKEN_TOKEN: set it to the token that BotFather gave")
    builder = ApplicationBuilder().token(settings.token.get_secret_value()).updater(None)
    builder = builder.base_url(f"{settings.api_base_url}/bot")
    builder = builder.request(request or AiohttpRequest()).get_updates_request(request or AiohttpRequest())
    application = builder.build()
    add_handlers(application, desk)
    if settings.inline:
        application.add_handler(InlineQueryHandler(Share(desk.engine, desk.renderer).on_inline))
    return application


async def handle_raw(application: App, update: dict[str, Any]) -> None:
    """Answer one update given as Telegram sends it."""
    await application.process_update(Update.de_json(update, application.bot))


def add_handlers(application: App, desk: Desk) -> None:
    """Enter the handlers; the first that fits takes the update, so the narrow ones stand before the wide ones."""
    private, group = filters.ChatType.PRIVATE, filters.ChatType.GROUPS
    table = (
        CommandHandler("start", desk.on_start, filters=private),
        CommandHandler("help", desk.on_help, filters=private),
        CommandHandler("topics", desk.on_topics, filters=private),
        CommandHandler("privacy", desk.on_privacy, filters=private),
        CommandHandler("clear", desk.personal.on_clear, filters=private),
        CommandHandler("forget", desk.personal.on_forget, filters=private),
        CommandHandler("proof", desk.personal.on_proof, filters=private),
        CommandHandler("timer", desk.personal.on_timer, filters=private),
        CommandHandler("word", desk.personal.on_word, filters=private),
        CommandHandler("veil", desk.personal.on_veil, filters=private),
        CommandHandler("ask", desk.in_groups.on_ask, filters=group),
        CommandHandler(("start", "help", "privacy"), desk.in_groups.on_help, filters=group),
        CommandHandler("settings", desk.in_groups.on_settings, filters=group),
        MessageHandler(group & filters.StatusUpdate.ALL, desk.in_groups.on_service),
        MessageHandler(group & filters.REPLY & filters.TEXT & ~filters.COMMAND, desk.on_group_reply),
        # Unknown commands are read as text: someone may well write "/help me he hit me".
        MessageHandler(private & filters.TEXT, desk.on_text),
        MessageHandler(private & filters.StatusUpdate.ALL, desk.personal.on_service),
        MessageHandler(private, desk.on_other),
        CallbackQueryHandler(desk.on_press),
        ChatMemberHandler(desk.on_member, ChatMemberHandler.MY_CHAT_MEMBER),
    )
    for handler in table:
        application.add_handler(handler)
    application.add_error_handler(desk.on_error)


async def run_bot(settings: Settings, engine: Engine, catalogue: Catalogue) -> None:
    """Run the Telegram bot until SIGTERM or SIGINT.

    Raises TokenError, SettingsError or DeafError with one line.
    """
    # Messages are understood in threads: they must not keep the loop from its turn.
    sys.setswitchinterval(_SWITCH_SECONDS)
    database = Database(settings.resolved_database_url)
    await database.open()
    desk = make_desk(settings, engine, catalogue, database)
    application = build_application(settings, desk)
    # What was made so far stays to the end: it need not be looked through again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    handled, tally = Handled(database), Tally()
    application.add_error_handler(_counting(tally))
    try:
        turns = make_turns(settings, desk, database)
        intake = _make_intake(settings, application, handled, tally, turns)
        status = _make_status(settings, tally, database, catalogue)
        if not await _connect(application, _stop_on_signals(intake)):
            log.info("stopped")
            return
        log.info("ready")
        # Neither may keep a reader waiting: Telegram limits how often a profile is set.
        await desk.personal.ledger.drop_lost()
        await desk.personal.ledger.say_unfound()
        await desk.box.questions.drop_lost()
        beside = [
            asyncio.create_task(_flush(database)),
            asyncio.create_task(set_profile(application.bot, catalogue.library.languages)),
            asyncio.create_task(desk.personal.clearer.run(application.bot)),
            asyncio.create_task(_chores(application.bot, desk, handled, database)),
            asyncio.create_task(desk.box.run(application.bot)),
            *([asyncio.create_task(status())] if status is not None else []),
            *([asyncio.create_task(_purge(turns))] if turns is not None else []),
        ]
        try:
            await intake.run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside, timeout=_LAST_SECONDS)
        log.info("stopped")
    finally:
        await desk.personal.ledger.flush()
        await database.close()
        await application.shutdown()
        await application.bot.shutdown()  # the application leaves it open where the start did not get through


def _make_intake(
    settings: Settings, application: App, handled: Handled, tally: Tally, turns: Turns | None
) -> Intake | Webhook:
    """Return what takes updates in; a webhook's address is open when this returns."""
    bot, handle = application.bot, application.process_update
    if settings.webhook_url is None:
        return Intake(bot, handle, inline=settings.inline, handled=handled, tally=tally)
    from bot.tg.listen import open_socket  # polling does without a web server
    from bot.tg.webhook import Webhook, secret_header, secret_path

    key = derive_key(read_secrets(settings)[0], "webhook")
    given = settings.webhook_secret
    return Webhook(
        bot,
        handle,
        listening=open_socket(settings.webhook_listen, "UNSPOKEN_WEBHOOK_LISTEN"),
        url=settings.webhook_url,
        path=secret_path(key, bot.token),
        secret=given.get_secret_value() if given is not None else secret_header(key, bot.token),
        inline=settings.inline,
        handled=handled,
        tally=tally,
        turns=turns,
    )


def _make_status(
    settings: Settings, tally: Tally, database: Database, catalogue: Catalogue
) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """Return what answers /health, /ready and /metrics, its address open already; None where that is not wanted."""
    if settings.metrics_listen is None:
        return None
    from bot.tg.listen import open_socket
    from bot.tg.status import Status, serve_status

    status = Status(tally, database.reachable, loaded=bool(catalogue.library.cards))
    listening = open_socket(settings.metrics_listen, "UNSPOKEN_METRICS_LISTEN")
    return lambda: serve_status(status, listening)


def _counting(tally: Tally) -> Callable[[object, Any], Coroutine[Any, Any, None]]:
    """Return an error handler that counts; the reader is told by another."""

    async def count(update: object, context: Any) -> None:
        tally.failed += 1

    return count


def _stop_on_signals(intake: Intake | Webhook) -> asyncio.Event:
    """Have SIGTERM and SIGINT stop the intake, now or once it runs; return what they set besides."""
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        intake.stop()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    return stopping


async def _connect(application: App, stopping: asyncio.Event) -> bool:
    """Tell whether Telegram answers; False where the program is to stop before it has done so."""
    starting, stopped = asyncio.create_task(_start(application)), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return False
        starting.result()
        return True
    finally:
        starting.cancel()
        stopped.cancel()
        await asyncio.wait({starting, stopped})


async def _start(application: App) -> None:
    """Connect, however long Telegram or the network is away; raises TokenError where the token is refused."""
    wait, away = _START_WAIT, False
    while True:
        try:
            await heard(application.initialize())
        except InvalidToken:
            raise TokenError from None
        except TelegramError as error:
            if not away:
                log.warning("Telegram cannot be reached (%s); trying again until it answers", type(error).__name__)
            away = True
            await asyncio.sleep(wait)
            wait = min(_START_WAIT_MAX, wait * 2)
        else:
            if away:
                log.info("Telegram answers now")
            return


async def _flush(database: Database) -> None:
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        await database.flush()


async def _purge(turns: Turns) -> None:
    while True:
        await turns.purge()
        await asyncio.sleep(PURGE_SECONDS)


async def _chores(bot: Bot, desk: Desk, handled: Handled, database: Database) -> None:
    """Do what is due now and then: the weekly cards, the erasing of groups left a week ago and of old update ids."""
    everywhere = True  # an upgrade may have brought other words for the menus of groups
    while True:
        try:
            await handled.purge()
            await desk.personal.erase_owed()
            await purge_shared(database, int(desk.clock()))
            await desk.in_groups.groups.purge(int(desk.clock()))
            await desk.in_groups.weekly(bot)
            await desk.in_groups.release()
            await desk.in_groups.set_menus(bot, everywhere=everywhere)
            everywhere = False
        except Exception as error:  # noqa: BLE001, RUF100 - one failed round must not end the next ones
            log.error("chores failed: %s", place_of(error))
        await asyncio.sleep(_CHORES_SECONDS)
