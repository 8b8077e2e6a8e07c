"""The tests' own Bot API server does what Telegram does, seen through python-telegram-bot."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    CallbackQuery,
    ChatMemberAdministrator,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    MenuButtonCommands,
    Message,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from tests.bot_api import BotApiServer, Clock, Person, media

TOKEN = "123:TEST"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture(autouse=True)
def durations_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise the library warns, and warnings are errors.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer(token=TOKEN) as server:
        yield server


def make_bot(api: BotApiServer, token: str = TOKEN) -> Bot:
    return Bot(token, base_url=f"{api.url}/bot")


@pytest.fixture
async def bot(api: BotApiServer) -> AsyncIterator[Bot]:
    async with make_bot(api) as client:
        yield client


@pytest.fixture
async def alice(api: BotApiServer) -> Person:
    person = api.person(first_name="A", language_code="en")
    await person.say("hello")
    return person


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([list(buttons)])


def callback(text: str = "Go", data: str = "go") -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data)


async def call(api: BotApiServer, method: str, token: str = TOKEN, **params: Any) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api.url}/bot{token}/{method}", json=params) as response,
    ):
        return response.status, await response.json()


# A whole bot


async def answer_text(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert isinstance(update.message, Message)
    await update.message.reply_html(
        f"<b>{update.message.text}</b>", reply_markup=keyboard(callback()), protect_content=True
    )


async def answer_start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert isinstance(update.message, Message)
    await update.message.reply_text(f"started {context.args}")


async def answer_press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert isinstance(update.callback_query, CallbackQuery)
    await update.callback_query.answer("done")
    await update.callback_query.edit_message_text(f"pressed {update.callback_query.data}")


async def answer_inline(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.inline_query is not None
    content = InputTextMessageContent("said")
    await update.inline_query.answer([InlineQueryResultArticle("1", update.inline_query.query, content)])


def build(api: BotApiServer) -> "Application[Any, Any, Any, Any, Any, Any]":
    app = ApplicationBuilder().token(TOKEN).base_url(f"{api.url}/bot").build()
    app.add_handler(CommandHandler("start", answer_start))
    app.add_handler(CommandHandler("ask", answer_text))
    app.add_handler(MessageHandler(filters.TEXT & filters.UpdateType.MESSAGE, answer_text))
    app.add_handler(CallbackQueryHandler(answer_press))
    app.add_handler(InlineQueryHandler(answer_inline))
    return app


@pytest.fixture
async def running(api: BotApiServer) -> AsyncIterator[BotApiServer]:
    async with build(api) as app:
        assert app.updater is not None
        await app.updater.start_polling(poll_interval=0, timeout=10)
        await app.start()
        yield api
        await app.updater.stop()
        await app.stop()


async def test_a_polling_bot_answers_and_edits(running: BotApiServer) -> None:
    """A bot built on the library converses over long polling."""
    alice = running.person(first_name="A", language_code="en")
    await alice.say("hello")
    reply = await alice.next_reply(timeout=5)
    assert (reply.text, reply.html, reply.protect_content) == ("hello", "<b>hello</b>", True)
    assert reply.entities == [{"type": "bold", "offset": 0, "length": 5}]
    press = await alice.press(reply, "Go")
    assert (await press.answered()).text == "done"
    edited = await alice.next_edit()
    assert (edited.text, edited.message_id, edited.labels) == ("pressed go", reply.message_id, [])
    assert [message.text for message in alice.messages] == ["hello", "pressed go"]
    await running.wait_until_taken()
    assert running.unconfirmed == []
    assert running.polls >= 2


async def test_start_carries_the_payload(running: BotApiServer) -> None:
    """A deep link arrives as the argument of /start."""
    alice = running.person()
    await alice.start("abc-1")
    assert (await alice.next_reply()).text == "started ['abc-1']"
    with pytest.raises(ValueError, match="payload"):
        await alice.start("not valid!")


async def test_inline_results_come_back(running: BotApiServer) -> None:
    """An inline query waits for the results, and one of them can be sent."""
    alice = running.person()
    answer = await alice.inline("what")
    assert answer.results[0]["title"] == "what"
    assert (await alice.choose(answer.results[0])).text == "said"


async def test_group_commands_reach_the_bot(running: BotApiServer) -> None:
    """In privacy mode the bot hears commands and replies in a group, and nothing else."""
    alice, bob = running.person("A"), running.person("B")
    group = running.group(title="G", members=[alice, bob])
    await alice.say("chatter", chat=group)
    await alice.say("/ask@other_bot", chat=group)
    await alice.say("/ask@unspoken_test_bot", chat=group)
    reply = await group.next_reply()
    assert reply.html == "<b>/ask@unspoken_test_bot</b>"
    await bob.reply_to(reply, "and more")
    assert (await group.next_reply()).text == "and more"
    assert len(group.from_bot) == 2


async def test_an_outage_ends(running: BotApiServer) -> None:
    """After stop and start on the same port the bot goes on, and nothing is lost."""
    await running.wait_for_polls()
    await running.stop()
    alice = running.person()
    await alice.say("during the outage")
    await running.start()
    assert (await alice.next_reply(timeout=10)).text == "during the outage"


async def test_a_webhook_is_served(api: BotApiServer) -> None:
    """Updates are delivered with the secret, again after a refusal, and in the order of a chat."""
    got: list[tuple[str | None, str]] = []
    all_there = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), update["message"]["text"]))
        if len(got) == 3:
            all_there.set()
        return web.Response(status=500 if len(got) == 1 else 200)

    hook = web.Application()
    hook.router.add_post("/hook", take)
    runner = web.AppRunner(hook, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with make_bot(api) as bot:
        await bot.set_webhook(address, secret_token="s3cret", allowed_updates=["message"])
        alice = api.person()
        await alice.say("one")
        await alice.say("two")
        async with asyncio.timeout(5):
            await all_there.wait()
        await api.wait_until_taken()
        assert got == [("s3cret", "one"), ("s3cret", "one"), ("s3cret", "two")]
        assert [delivery.status for delivery in api.deliveries] == [500, 200, 200]
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == (address, 0)
        assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
        await alice.say("three")
        assert len(await bot.get_updates()) == 1
    await runner.cleanup()


# Updates


async def test_offsets_confirm(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """An update comes again until a higher offset confirms it; a negative offset keeps the last."""
    await alice.say("second")
    first = await bot.get_updates()
    assert [update.message.text for update in first if update.message] == ["hello", "second"]
    assert len(await bot.get_updates(limit=1)) == 1
    assert len(await bot.get_updates(offset=first[1].update_id)) == 1
    assert len(api.unconfirmed) == 1
    await alice.say("third")
    assert [u.message.text for u in await bot.get_updates(offset=-1) if u.message] == ["third"]
    assert await bot.get_updates(offset=first[1].update_id + 2) == ()


async def test_a_long_poll_wakes_up(api: BotApiServer, bot: Bot) -> None:
    """A poll answers as soon as someone writes."""
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await api.wait_for_polls()
    await api.person().say("now")
    async with asyncio.timeout(2):
        assert len(await poll) == 1


async def test_two_pollers_conflict(api: BotApiServer, bot: Bot) -> None:
    """A second poll ends the first with 409."""
    async with make_bot(api) as other:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await api.wait_for_polls()
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await poll
        await api.person().say("for the second")
        assert len(await second) == 1


async def test_set_webhook_ends_a_poll(api: BotApiServer, bot: Bot) -> None:
    """Setting a webhook ends a waiting poll."""
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await api.wait_for_polls()
    async with make_bot(api) as other:
        await other.set_webhook("http://127.0.0.1:9/none")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll


async def test_allowed_updates_filter(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Kinds that the bot did not ask for are not queued."""
    await bot.get_updates(allowed_updates=["callback_query"])
    await alice.say("not wanted")
    message = await bot.send_message(alice.id, "x", reply_markup=keyboard(callback()))
    await alice.press_data(alice.messages[-1], "forged")
    updates = await bot.get_updates(offset=-1)
    assert updates[0].callback_query is not None
    assert (updates[0].callback_query.data, len(api.unconfirmed)) == ("forged", 1)
    await bot.delete_message(alice.id, message.message_id)
    await alice.press_data((await alice.next_deletion()), "late")
    updates = await bot.get_updates(offset=-1)
    assert updates[0].callback_query is not None
    # The library makes a plain Message of it, so only this property tells.
    assert updates[0].callback_query.message is not None
    assert not updates[0].callback_query.message.is_accessible


async def test_poison_updates_are_passed_on(api: BotApiServer) -> None:
    """A raw update goes out exactly as given."""
    number = api.push_raw({"message": {"no": "date"}})
    assert api.push_raw({"update_id": number + 10, "new_kind": {}}) == number + 10
    _, body = await call(api, "getUpdates")
    assert body["result"] == [
        {"update_id": number, "message": {"no": "date"}},
        {"update_id": number + 10, "new_kind": {}},
    ]


async def test_what_people_send_is_parsed(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Media, edits, replies, forwards, blocking and timers arrive as the library's objects."""
    api.world.updates.clear()
    said = await alice.say("see https://example.org #tag", forwarded_from="Someone")
    await alice.edit(said, "better")
    await alice.reply_to(said, "to that")
    await alice.send_photo(caption="look")
    await alice.send_voice()
    await alice.send_sticker()
    for content in (media.document(), media.location(), media.contact(), media.video_note()):
        await alice.send_media(content)
    await alice.set_auto_delete(86_400)
    await alice.block_bot()
    updates = await bot.get_updates()
    message = updates[0].message
    assert message is not None
    assert message.forward_origin is not None
    assert [entity.type for entity in message.entities] == ["url", "hashtag"]
    assert message.from_user is not None
    assert message.from_user.language_code == "en"
    assert updates[1].edited_message is not None
    assert updates[1].edited_message.text == "better"
    assert updates[2].message is not None
    assert updates[2].message.reply_to_message is not None
    assert updates[3].message is not None
    assert (updates[3].message.caption, len(updates[3].message.photo)) == ("look", 2)
    kinds = ("voice", "sticker", "document", "location", "contact", "video_note")
    assert all(getattr(update.message, kind) for update, kind in zip(updates[4:10], kinds, strict=True))
    assert updates[10].message is not None
    assert updates[10].message.message_auto_delete_timer_changed is not None
    assert updates[11].my_chat_member is not None
    assert updates[11].my_chat_member.new_chat_member.status == "kicked"
    assert (await bot.get_chat(alice.id)).message_auto_delete_time == timedelta(days=1)


async def test_pressing_needs_a_button(bot: Bot, alice: Person) -> None:
    """A person can press what is there, by label or data, and gets told what is there."""
    link = InlineKeyboardButton("Site", url="https://example.org")
    await bot.send_message(alice.id, "x", reply_markup=keyboard(callback(), link))
    reply = await alice.next_reply()
    assert (await alice.press(reply, "go")).data == "go"
    with pytest.raises(LookupError, match="there are \\['Go', 'Site'\\]"):
        await alice.press(reply, "Elsewhere")
    with pytest.raises(ValueError, match="sends nothing"):
        await alice.press(reply, "Site")


async def test_a_missing_reply_says_what_happened(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A wait that fails tells the last calls."""
    with pytest.raises(BadRequest):
        await bot.send_message(alice.id, "<b>", parse_mode="HTML")
    with pytest.raises(TimeoutError, match="sendMessage -> 400 Bad Request: can't parse entities"):
        await alice.next_reply(timeout=0.01)


# Refusals of texts


@pytest.mark.parametrize(
    ("html", "error"),
    [
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("ü <p>x</p>", 'Unsupported start tag "p" at byte offset 3'),
        ("a<br/>b", 'Unsupported start tag "br/" at byte offset 1'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("x <3", "Unclosed start tag at byte offset 2"),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<!-- note -->", 'Unsupported start tag "!--" at byte offset 0'),
        ("<span class='big'>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("a&nbsp;b", 'Unsupported entity "&nbsp;" at byte offset 1'),
    ],
)
async def test_broken_html_is_refused(api: BotApiServer, bot: Bot, alice: Person, html: str, error: str) -> None:
    """HTML that Telegram cannot parse is refused in Telegram's words."""
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await bot.send_message(alice.id, html, parse_mode="HTML")
    # The library changes the case of what it passes on.
    assert api.calls[-1].error == f"Bad Request: can't parse entities: {error}"


@pytest.mark.parametrize(
    ("html", "text", "kinds"),
    [
        ("<b>a</b> <strong>b</strong>", "a b", ["bold", "bold"]),
        ("<i>a</i><em>b</em>", "ab", ["italic", "italic"]),
        ("<u>a</u><ins>b</ins>", "ab", ["underline", "underline"]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", ["strikethrough"] * 3),
        ('<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>', "ab", ["spoiler", "spoiler"]),
        ('<a href="https://example.org/?a=1&amp;b=2">x</a>', "x", ["text_link"]),
        ("<code>a</code>", "a", ["code"]),
        ('<pre><code class="language-python">a</code></pre>', "a", ["pre"]),
        ("<blockquote>a</blockquote>", "a", ["blockquote"]),
        ("<blockquote expandable>a</blockquote>", "a", ["expandable_blockquote"]),
        ('<tg-emoji emoji-id="5368324170671202286">🙂</tg-emoji>', "🙂", ["custom_emoji"]),
        ('<tg-time unix="1700000000" format="wDT">soon</tg-time>', "soon", ["date_time"]),
        ("a &lt; b &amp; c &#39;d&#x27; Q & A AT&T", "a < b & c 'd' Q & A AT&T", []),
        ("  🙂 <b>bold</b> \n", "🙂 bold", ["bold"]),
        ("call /help or @some_bot", "call /help or @some_bot", ["bot_command", "mention"]),
    ],
)
async def test_supported_html_is_read(bot: Bot, alice: Person, html: str, text: str, kinds: list[str]) -> None:
    """Every supported tag becomes its entity, and the library reads it back."""
    message = await bot.send_message(alice.id, html, parse_mode="HTML")
    assert message.text == text
    assert [str(entity.type) for entity in message.entities] == kinds
    shown = alice.messages[-1]
    assert shown.html == html
    if "bold" in kinds:
        assert shown.spoken(shown.entities[-1]) in ("b", "bold")


async def test_unknown_references_may_stay(alice: Person) -> None:
    """Without strict_html an unknown reference is shown as it is, which is what Telegram does."""
    async with BotApiServer(strict_html=False) as api, make_bot(api) as bot:
        person = api.person()
        await person.say("x")
        assert (await bot.send_message(person.id, "a&nbsp;b", parse_mode="HTML")).text == "a&nbsp;b"


async def test_text_lengths(bot: Bot, alice: Person) -> None:
    """4,096 characters after parsing pass, one more does not; nothing is refused, too."""
    await bot.send_message(alice.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(alice.id, f"<b>{'x' * 4097}</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(alice.id, "")
    with pytest.raises(BadRequest, match="Text must be non-empty"):
        await bot.send_message(alice.id, "<b> </b>\n", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Text is too long"):
        await bot.send_message(alice.id, "x" * 40_000)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(alice.id, PNG, caption="x" * 1025)


# Refusals of keyboards


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([[{"text": "x", "callback_data": ""}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": "ü" * 33}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": "d"}]] * 101, "reply markup is too long"),
        ([[{"text": "x", "callback_data": "d"}] * 9], "reply markup is too long"),
        (
            [[{"text": "x"}]],
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ([[{"text": " ", "callback_data": "d"}]], "inline keyboard button text must be non-empty"),
        ([[{"text": "x", "copy_text": {"text": "y" * 257}}]], "BUTTON_COPY_TEXT_INVALID"),
        (
            [[{"text": "x", "url": "nowhere"}]],
            "inline keyboard button URL 'nowhere' is invalid: wrong HTTP URL",
        ),
        ({"text": "x"}, 'field "inline_keyboard" must be an Array of Arrays'),
    ],
)
async def test_bad_keyboards_are_refused(api: BotApiServer, alice: Person, rows: Any, error: str) -> None:
    """Buttons that Telegram does not take are refused."""
    status, body = await call(api, "sendMessage", chat_id=alice.id, text="x", reply_markup={"inline_keyboard": rows})
    assert (status, body) == (
        400,
        {"ok": False, "error_code": 400, "description": f"Bad Request: {error}"},
    )


async def test_full_keyboards_pass(bot: Bot, alice: Person) -> None:
    """64 bytes of data, 256 characters to copy and 100 buttons are just right."""
    row = [callback("x", "d" * 64)] * 8
    rows = [row] * 12 + [[InlineKeyboardButton("c", copy_text=CopyTextButton("y" * 256))] * 4]
    message = await bot.send_message(alice.id, "x", reply_markup=InlineKeyboardMarkup(rows[:1] + rows[-1:]))
    assert message.reply_markup is not None
    small = [callback("x", "d")] * 8
    await bot.send_message(alice.id, "x", reply_markup=InlineKeyboardMarkup([small] * 12 + [small[:4]]))
    assert len(alice.messages[-1].buttons) == 100


# Refusals of edits, deletions, answers


async def test_unchanged_edits_are_refused(bot: Bot, alice: Person) -> None:
    """An edit must change the text or the keyboard."""
    sent = await bot.send_message(alice.id, "x", reply_markup=keyboard(callback()))
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content"):
        await bot.edit_message_text(
            "<b></b>x", alice.id, sent.message_id, parse_mode="HTML", reply_markup=keyboard(callback())
        )
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(alice.id, sent.message_id, reply_markup=keyboard(callback()))
    await bot.edit_message_reply_markup(alice.id, sent.message_id)
    await bot.edit_message_text("y", alice.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("y", alice.id, sent.message_id)
    assert [(await alice.next_edit()).text, (await alice.next_edit()).text] == ["x", "y"]


async def test_edits_need_an_own_text(bot: Bot, alice: Person) -> None:
    """Only texts of the bot that are still there can be edited."""
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", alice.id, 1)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", alice.id, alice.messages[0].message_id)
    photo = await bot.send_photo(alice.id, PNG, caption="<i>p</i>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", alice.id, photo.message_id)


async def test_deleting_in_private(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Both sides' messages go until they are 48 hours old; lists skip what is missing."""
    old = await bot.send_message(alice.id, "old")
    api.clock.advance(hours=49)
    new = await bot.send_message(alice.id, "new")
    said = await alice.say("mine")
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await bot.delete_message(alice.id, old.message_id)
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await bot.delete_messages(alice.id, [new.message_id, old.message_id])
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(alice.id, 1)
    assert await bot.delete_messages(alice.id, [new.message_id, said.message_id, 1])
    assert [message.text for message in alice.messages] == ["hello", "old"]
    with pytest.raises(BadRequest, match="Too many message identifiers specified"):
        await bot.delete_messages(alice.id, list(range(1, 102)))
    status, body = await call(api, "deleteMessages", chat_id=alice.id, message_ids=[])
    assert (status, body["description"]) == (400, "Bad Request: message identifiers are not specified")


async def test_answers_need_a_fresh_query(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Unknown and old callback queries take no answer."""
    await bot.send_message(alice.id, "x", reply_markup=keyboard(callback()))
    press = await alice.press(await alice.next_reply(), "Go")
    api.clock.advance(seconds=16)
    for query_id in (press.id, "1"):
        with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
            await bot.answer_callback_query(query_id)
        with pytest.raises(BadRequest, match="Query is too old"):
            await bot.answer_inline_query(query_id, [])
    assert press.answer is None


async def test_bad_inline_results_are_refused(api: BotApiServer, alice: Person) -> None:
    """Results need unique ids, a title, and a text that parses."""
    good = {"type": "article", "id": "1", "title": "t", "input_message_content": {"message_text": "x"}}
    broken = {**good, "input_message_content": {"message_text": "<b>", "parse_mode": "HTML"}}
    for results, error in [
        ([good, good], "RESULT_ID_DUPLICATE"),
        ([{**good, "id": ""}], "RESULT_ID_INVALID"),
        ([{**good, "title": ""}], "RESULT_TITLE_EMPTY"),
        ([broken], "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ([{**good, "id": str(n)} for n in range(51)], "RESULTS_TOO_MUCH"),
    ]:
        _, body = await call(api, "answerInlineQuery", inline_query_id="1", results=results)
        assert body["description"] == f"Bad Request: {error}"


# Refusals of chats, tokens, commands


async def test_unreachable_chats(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Unknown, silent, blocking, deactivated: each has Telegram's own refusal."""
    silent, known = api.person(), api.person()
    api.group(members=[known])
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "x")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(silent.id, "x")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(known.id, "x")
    await alice.block_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(alice.id, "x")
    await alice.say("back again")
    await bot.send_message(alice.id, "x")
    alice.deactivated = True
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(alice.id, "x")


async def test_tokens_and_methods(api: BotApiServer, bot: Bot) -> None:
    """A wrong token is 401, an unknown method 404, and names ignore case."""
    with pytest.raises(InvalidToken):
        async with make_bot(api, "123:OTHER"):
            pass
    assert await call(api, "getMe", token="999:X") == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    assert (await call(api, "getMe", token="x"))[1]["description"] == "Unauthorized: invalid token specified"
    status, body = await call(api, "getEverything")
    assert (status, body["description"]) == (404, "Not Found: method not found")
    assert (await call(api, "GETME"))[1]["result"]["username"] == "unspoken_test_bot"
    assert await bot.close()
    assert await bot.log_out()
    assert (await call(api, "getMe"))[0] == 401


async def test_parameters_come_in_four_ways(api: BotApiServer, alice: Person) -> None:
    """Query string, form, multipart and JSON mean the same."""
    params = {"chat_id": str(alice.id), "text": "5", "reply_markup": '{"remove_keyboard": true}'}
    address = f"{api.url}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        for request in (
            session.get(address, params=params),
            session.post(address, data=params),
            session.post(address, json=params),
            session.post(address, data=aiohttp.FormData(params, default_to_multipart=True)),
        ):
            async with request as response:
                assert response.status == 200
        async with session.post(address, data=b"{", headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400
    markups = [message.reply_markup for message in alice.messages[1:]]
    assert markups == [{"remove_keyboard": True}] * 4
    assert [call.params["text"] for call in api.calls_to("sendmessage")] == ["5"] * 4


@pytest.mark.parametrize(
    ("commands", "error"),
    [
        ([("Bad-Name", "d")], "BOT_COMMAND_INVALID"),
        ([("x" * 33, "d")], "command length must not exceed 32"),
        ([("", "d")], "command must be non-empty"),
        ([("x", "")], "command description must be non-empty"),
        ([("x", "d" * 257)], "command description length must not exceed 256"),
        ([("x", "d")] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_bad_commands_are_refused(api: BotApiServer, commands: list[tuple[str, str]], error: str) -> None:
    """Commands that Telegram does not take are refused."""
    wire = [{"command": name, "description": text} for name, text in commands]
    _, body = await call(api, "setMyCommands", commands=wire)
    assert body["description"] == f"Bad Request: {error}"


async def test_the_profile_is_kept(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Commands are kept by scope and language, texts by language, and shown in Telegram's order."""
    admin = api.person(language_code="de")
    group = api.group(admins=[admin])
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("start", "Anfangen")], language_code="de")
    await bot.set_my_commands([("ask", "Ask")], scope=BotCommandScopeAllGroupChats())
    await bot.set_my_commands([("setup", "Set up")], scope=BotCommandScopeChatMember(group.id, admin.id))
    await bot.set_my_commands([("clear", "Clear")], scope=BotCommandScopeChat(alice.id))
    assert api.commands["default", "de"] == [{"command": "start", "description": "Anfangen"}]
    assert api.commands[f"chat_member:{group.id}:{admin.id}", ""][0]["command"] == "setup"
    shown = api.world.profile.commands_for
    assert shown(alice.id, "en", group) == ["ask"]
    assert shown(admin.id, "de", group, admin=True) == ["setup"]
    assert shown(alice.id, "en", alice.chat) == ["clear"]
    assert shown(admin.id, "de", admin.chat) == ["start"]
    assert await bot.get_my_commands() == (BotCommand("start", "Begin"),)
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    await bot.set_my_description("d", "en")
    await bot.set_my_description("for all")
    await bot.set_my_short_description("s")
    await bot.set_my_name("N")
    assert (api.descriptions, api.description, api.names) == (
        {"en": "d", "": "for all"},
        "for all",
        {"": "N"},
    )
    assert api.short_descriptions == {"": "s"}
    assert (await bot.get_my_description("fr")).description == "for all"
    assert (await bot.get_my_short_description()).short_description == "s"
    assert (await bot.get_my_name()).name == "N"
    assert await bot.set_chat_menu_button(alice.id, MenuButtonCommands())
    assert isinstance(await bot.get_chat_menu_button(alice.id), MenuButtonCommands)
    for refused in (
        bot.set_my_description("d" * 513),
        bot.set_my_short_description("d" * 121),
        bot.set_my_name("d" * 65),
        bot.set_my_name("d", language_code="english"),
    ):
        with pytest.raises(BadRequest):
            await refused


@pytest.mark.parametrize(
    ("url", "secret", "error"),
    [
        ("http://example.org/hook", None, "Bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://", None, "Invalid webhook URL specified"),
        ("https://example.org", "not valid!", "Secret token contains unallowed characters"),
        ("https://example.org", "x" * 257, "Secret token is too long"),
    ],
)
async def test_bad_webhooks_are_refused(bot: Bot, url: str, secret: str | None, error: str) -> None:
    """A webhook needs https, loopback aside, and a secret of plain characters."""
    with pytest.raises(BadRequest) as caught:
        await bot.set_webhook(url, secret_token=secret)
    assert caught.value.message.lower() == error.lower()


# Groups


async def test_group_members_and_admins(api: BotApiServer, bot: Bot) -> None:
    """Members, administrators and the bot's own standing are told as in Telegram."""
    alice, bob, carol = api.person("A"), api.person("B"), api.person("C")
    group = api.group("G", members=[alice], admins=[bob], owner=carol, with_bot=False)
    with pytest.raises(Forbidden, match="bot is not a member of the group chat"):
        await bot.send_message(group.id, "x")
    await group.add_bot(carol)
    assert sorted(m.status for m in await bot.get_chat_administrators(group.id)) == [
        "administrator",
        "creator",
    ]
    assert await bot.get_chat_member_count(group.id) == 4
    assert (await bot.get_chat_member(group.id, alice.id)).status == "member"
    assert (await bot.get_chat_member(group.id, api.person().id)).status == "left"
    with pytest.raises(BadRequest):
        await bot.get_chat_member(group.id, 42)
    full = await bot.get_chat(group.id)
    assert (full.title, full.permissions is not None) == ("G", True)
    await group.add(api.person("D"))
    await group.remove(alice, by=bob)
    await group.promote_bot(carol, rights=["can_delete_messages"])
    me = await bot.get_chat_member(group.id, bot.id)
    assert isinstance(me, ChatMemberAdministrator)
    assert (me.can_delete_messages, me.can_pin_messages) == (True, False)
    await group.kick_bot(carol)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(group.id, "x")
    told = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
    statuses = [(change.old_chat_member.status, change.new_chat_member.status) for change in told]
    assert statuses == [("left", "member"), ("member", "administrator"), ("administrator", "kicked")]
    with pytest.raises(LookupError, match="A is not in G"):
        await alice.say("still here?", chat=group)


async def test_rights_in_groups(api: BotApiServer, bot: Bot) -> None:
    """Without rights the bot may neither delete what others said nor pin, and muted it may not write."""
    alice = api.person()
    group = api.group(members=[alice], owner=alice)
    said = await alice.say("/x", chat=group)
    mine = await bot.send_message(group.id, "mine")
    with pytest.raises(BadRequest, match=r"Message can't be deleted$"):
        await bot.delete_message(group.id, said.message_id)
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned messages"):
        await bot.pin_chat_message(group.id, mine.message_id)
    group.bot_may_write = False
    with pytest.raises(BadRequest, match="Not enough rights to send text messages"):
        await bot.send_message(group.id, "x")
    await group.promote_bot(alice)
    await bot.pin_chat_message(group.id, mine.message_id)
    assert (await bot.get_chat(group.id)).pinned_message is not None
    await bot.delete_messages(group.id, [said.message_id, mine.message_id])
    assert group.messages == []
    with pytest.raises(BadRequest, match="Message to pin not found"):
        await bot.pin_chat_message(group.id, mine.message_id)
    assert await bot.leave_chat(group.id)
    with pytest.raises(Forbidden):
        await bot.get_chat(group.id)


async def test_an_admin_bot_hears_everything(api: BotApiServer, bot: Bot) -> None:
    """Privacy mode ends where the bot is an administrator, or is off."""
    alice = api.person()
    for group in (api.group(members=[alice]), api.group(members=[alice], bot_admin=True)):
        await alice.say("chatter", chat=group)
        await alice.say("hey @unspoken_test_bot", chat=group)
    texts = [update.message.text for update in await bot.get_updates() if update.message]
    assert texts == ["hey @unspoken_test_bot", "chatter", "hey @unspoken_test_bot"]


async def test_anonymous_admins_write_as_the_group(api: BotApiServer, bot: Bot) -> None:
    """An anonymous administrator's message has the group as its sender."""
    carol = api.person()
    group = api.group("G", anonymous_admins=[carol], supergroup=True, username="our_group")
    await carol.say("/setup", chat=group)
    await carol.say("/setup", chat=group, anonymous=False)
    hidden, open_ = [update.message for update in await bot.get_updates()]
    assert hidden is not None
    assert hidden.sender_chat is not None
    assert hidden.from_user is not None
    assert (hidden.sender_chat.id, hidden.from_user.username) == (group.id, "GroupAnonymousBot")
    assert open_ is not None
    assert open_.from_user is not None
    assert (open_.sender_chat, open_.from_user.id) == (None, carol.id)
    assert (await bot.send_message("@our_group", "hi")).chat.id == group.id


async def test_forum_topics(api: BotApiServer, bot: Bot) -> None:
    """Messages stay in their topic; unknown and closed ones are refused."""
    alice = api.person()
    group = api.group(members=[alice], forum=True)
    topic = await group.new_topic("Questions", alice)
    await alice.say("/ask", chat=group, topic=topic)
    created, asked = [update.message for update in await bot.get_updates()]
    assert created is not None
    assert created.forum_topic_created is not None
    assert asked is not None
    assert (asked.message_thread_id, asked.is_topic_message) == (topic, True)
    await asked.reply_text("here", do_quote=True)
    reply = await group.next_reply()
    assert (reply.thread_id, reply.reply_to_id) == (topic, asked.message_id)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(group.id, "x", message_thread_id=topic + 50)
    await group.close_topic(topic, alice)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(group.id, "x", message_thread_id=topic)


async def test_migration(api: BotApiServer, bot: Bot) -> None:
    """A group that becomes a supergroup has a new id, told on both sides and in the refusal."""
    alice = api.person()
    group = api.group("G", owner=alice)
    new = await group.migrate()
    old_side, new_side = [update.message for update in await bot.get_updates()]
    assert old_side is not None
    assert new_side is not None
    assert (old_side.migrate_to_chat_id, new_side.migrate_from_chat_id) == (new.id, group.id)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(group.id, "x")
    assert caught.value.new_chat_id == new.id
    await bot.send_message(new.id, "x")
    assert (await new.next_reply()).text == "x"


# Sending


async def test_files_replies_and_copies(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Files are kept, replies point at what they answer, copies and forwards carry the content."""
    await bot.send_photo(alice.id, PNG, caption="<b>p</b>", parse_mode="HTML", disable_notification=True)
    photo = await alice.next_reply()
    assert photo.file is not None
    assert (photo.kind, photo.text, photo.file.data, photo.disable_notification) == ("photo", "p", PNG, True)
    await bot.send_document(alice.id, b"data", filename="all.json")
    sent = await bot.send_message(alice.id, "r", reply_parameters=ReplyParameters(photo.message_id))
    assert sent.reply_to_message is not None
    missing = ReplyParameters(1, allow_sending_without_reply=True)
    assert (await bot.send_message(alice.id, "r", reply_parameters=missing)).reply_to_message is None
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(alice.id, "r", reply_to_message_id=1)
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(alice.id, b"not a picture")
    copy = await bot.copy_message(alice.id, alice.id, photo.message_id)
    assert alice.messages[-1].message_id == copy.message_id
    assert (await bot.forward_message(alice.id, alice.id, alice.messages[0].message_id)).forward_origin
    closed = await bot.send_message(alice.id, "x", protect_content=True)
    for refused in (bot.copy_message, bot.forward_message):
        with pytest.raises(BadRequest):
            await refused(alice.id, alice.id, closed.message_id)
        with pytest.raises(BadRequest, match="not found"):
            await refused(alice.id, alice.id, 1)
    assert await bot.send_chat_action(alice.id, "typing")
    assert alice.chat.actions == ["typing"]
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(alice.id, "thinking")
    assert await bot.pin_chat_message(alice.id, sent.message_id)
    await alice.delete(photo)
    assert photo.message_id not in [message.message_id for message in alice.messages]


# Faults


async def test_errors_on_demand(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Ordered errors come as often as ordered, with retry_after where given."""
    api.faults.next("sendMessage", status=429, retry_after=1, times=2)
    for _ in range(2):
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(alice.id, "x")
        assert caught.value.retry_after == timedelta(seconds=1)
    await bot.send_message(alice.id, "x")
    api.faults.next("*", status=502)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.get_me()
    api.faults.next("getUpdates", status=401)
    with pytest.raises(InvalidToken):
        await bot.get_updates()
    assert [made.status for made in api.calls_to("sendMessage")] == [429, 429, 200]


async def test_faults_for_one_chat(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A fault for one chat leaves the others alone; clear takes all back."""
    other = api.person()
    await other.say("x")
    api.faults.for_chat(alice.chat).next("sendMessage", status=403, description="Forbidden: no", times=None)
    await bot.send_message(other.id, "x")
    for _ in range(2):
        with pytest.raises(Forbidden):
            await bot.send_message(alice.id, "x")
    api.faults.clear()
    await bot.send_message(alice.id, "x")


async def test_lost_and_garbled_answers(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A dropped connection may or may not have carried the call out; nonsense is not JSON."""
    for effect in (False, True):
        api.faults.drop_connection("sendMessage", effect=effect)
        with pytest.raises(NetworkError):
            await bot.send_message(alice.id, f"effect {effect}")
    api.faults.malformed("sendMessage")
    with pytest.raises(TelegramError, match="Invalid server response"):
        await bot.send_message(alice.id, "garbled")
    assert [message.text for message in alice.messages] == ["hello", "effect True"]


async def test_delays(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A delayed call takes effect later; a client that gives up sees a timeout."""
    api.faults.delay("sendMessage", 0.2, times=2)
    begun = asyncio.get_running_loop().time()
    await bot.send_message(alice.id, "late")
    assert asyncio.get_running_loop().time() - begun >= 0.2
    with pytest.raises(TimedOut):
        await bot.send_message(alice.id, "given up on", read_timeout=0.05)
    assert (await api.wait_for_call("sendMessage", count=2)).status == 200


async def test_stop_does_not_wait_for_polls(bot: Bot, api: BotApiServer, alice: Person) -> None:
    """The server stops at once although a poll waits and an answer is delayed."""
    api.faults.delay("sendMessage", 60)
    api.world.updates.clear()
    waiting = [
        asyncio.create_task(bot.get_updates(timeout=40)),
        asyncio.create_task(bot.send_message(alice.id, "x")),
    ]
    await api.wait_for_polls()
    async with asyncio.timeout(3):
        await api.stop()
        await asyncio.gather(*waiting, return_exceptions=True)


# Odds and ends


async def test_the_clock(alice: Person) -> None:
    """The clock starts where a test wants and moves as it wants."""
    clock = Clock(datetime(2030, 1, 1, tzinfo=UTC))
    async with BotApiServer(clock=clock) as api:
        person = api.person()
        first = await person.say("x")
        clock.advance(days=2)
        second = await person.say("y")
    assert datetime.fromtimestamp(first.date, UTC).year == 2030
    assert 0 <= second.date - first.date - 2 * 86_400 <= 2
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2030, 1, 1))  # noqa: DTZ001 (what is refused)


async def test_many_people_at_once(running: BotApiServer) -> None:
    """Fifty people get their own answers."""

    async def talk(number: int) -> str:
        person = running.person(f"P{number}")
        await person.say(f"n{number}")
        return (await person.next_reply(timeout=10)).text

    assert await asyncio.gather(*map(talk, range(50))) == [f"n{number}" for number in range(50)]


async def test_the_console() -> None:
    """Run alone, it takes lines and prints what the bot says."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.bot_api", "--port", "0"],
        cwd=Path(__file__).parents[1],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    root = (await process.stdout.readline()).decode().split()[3]
    process.stdin.write(b"hello\n")
    async with Bot(TOKEN, base_url=f"{root}/bot") as bot:
        updates = await bot.get_updates(timeout=5)
        message = updates[0].message
        assert message is not None
        await message.reply_text("hi", reply_markup=keyboard(callback()))
        await process.stdout.readline()
        assert (await process.stdout.readline()).decode() == "bot: hi\n"
        assert (await process.stdout.readline()).decode() == "  1. Go\n"
        process.stdin.write(b"1\n")
        updates = await bot.get_updates(timeout=5, offset=updates[0].update_id + 1)
        assert updates[0].callback_query is not None
        await bot.get_updates(offset=updates[0].update_id + 1)
    process.stdin.close()
    assert await process.wait() == 0
