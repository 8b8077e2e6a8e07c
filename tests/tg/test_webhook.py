"""Webhook mode: 200 only after the answer, forged calls refused, order kept, nothing lost or doubled at a stop."""

from __future__ import annotations

import asyncio
import hmac
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram import Bot, Update

from bot.errors import SettingsError, TokenError
from bot.storage.database import Database
from bot.storage.handled import Handled
from bot.tg import webhook as webhook_module
from bot.tg.listen import open_socket
from bot.tg.tally import Tally
from bot.tg.webhook import MOST_BYTES, SECRET_HEADER, Webhook, secret_header, secret_path
from tests.bot_api import BotApiServer
from tests.tg.recording import TOKEN

KEY = b"k" * 32
PATH = secret_path(KEY, TOKEN)
SECRET = secret_header(KEY, TOKEN)
TEXT = "canarywordinthetext"
Handle = Callable[[Update], Any]


class Answers:
    """A handler that notes what it has begun and finished; texts that begin with `hold` wait for the door."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.door = asyncio.Event()

    async def __call__(self, update: Update) -> None:
        text = (update.effective_message.text if update.effective_message is not None else None) or ""
        self.begun.append(text)
        if text.startswith("hold"):
            await self.door.wait()
        self.done.append(text)


async def until(look: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not look():  # noqa: ASYNC110 - several parties may bring it about
            await asyncio.sleep(0.005)


class Hook:
    """A running webhook, and calls to it as Telegram and others would make them."""

    def __init__(self, webhook: Webhook, url: str, task: asyncio.Task[None], session: aiohttp.ClientSession) -> None:
        self.webhook = webhook
        self.url = url
        self.task = task
        self._session = session

    async def post(
        self, body: object = b"{}", *, path: str = PATH, secret: str | None = SECRET, kind: str = "application/json"
    ) -> int:
        """Return the status of a call; 0 where the connection was cut before the answer could be read."""
        headers = {"Content-Type": kind, **({SECRET_HEADER: secret} if secret is not None else {})}
        data = body if isinstance(body, (bytes, io.BytesIO, AsyncIterator)) else json.dumps(body).encode()
        try:
            async with self._session.post(f"{self.url}/{path}", data=data, headers=headers) as response:
                assert await response.read() == b""
                return response.status
        except aiohttp.ClientError:
            return 0


@asynccontextmanager
async def hooked(bot: Bot, handle: Handle, **more: Any) -> AsyncIterator[Hook]:
    """Run a webhook on a free port, and stop it at the end."""
    listening = open_socket("127.0.0.1:0", "UNSPOKEN_WEBHOOK_LISTEN")
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    webhook = Webhook(bot, handle, listening=listening, url=url, path=PATH, secret=SECRET, **more)
    task = asyncio.create_task(webhook.run())
    async with aiohttp.ClientSession() as session:
        try:
            yield Hook(webhook, url, task, session)
        finally:
            webhook.stop()
            async with asyncio.timeout(12):
                await asyncio.wait({task})
    task.result()


def update_of(number: int, text: str, chat: int = 5) -> dict[str, object]:
    """Return an update as Telegram sends it."""
    return {
        "update_id": number,
        "message": {"message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}, "text": text},
    }


async def test_an_update_is_taken_only_when_it_was_answered(api: BotApiServer, bot: Bot) -> None:
    """While the handler works Telegram still holds the update."""
    answers = Answers()
    async with hooked(bot, answers):
        await api.person().say("hold on")
        await until(lambda: answers.begun == ["hold on"])
        assert len(api.unconfirmed) == 1
        answers.door.set()
        await api.wait_until_taken()
    assert answers.done == ["hold on"]
    assert [d.status for d in api.deliveries] == [200]


async def test_only_what_is_handled_is_asked_for_and_nothing_dropped(api: BotApiServer, bot: Bot) -> None:
    """What waited before the webhook was set is delivered; the address cannot be guessed; it stays set at the end."""
    answers = Answers()
    await api.person().say("before")
    async with hooked(bot, answers):
        await api.wait_until_taken()
    assert answers.done == ["before"]
    hook = api.world.courier.webhook
    assert hook is not None
    assert (hook.secret, hook.max_connections) == (SECRET, 100)
    assert hook.url.endswith(PATH)
    assert len(PATH) == 48
    assert api.world.updates.allowed == frozenset({"message", "callback_query", "my_chat_member"})
    assert api.calls_to("setWebhook")[0].params.get("drop_pending_updates") != "true"
    assert api.calls_to("deleteWebhook") == []


async def test_order_is_kept_in_a_chat_while_chats_run_at_once(api: BotApiServer, bot: Bot) -> None:
    """Also where several calls of one chat are on their way at once."""
    answers = Answers()
    async with hooked(bot, answers) as hook:
        await until(lambda: api.world.courier.webhook is not None)
        calls = []
        for number, text in enumerate(["hold 1", "a2", "a3"]):
            calls.append(asyncio.create_task(hook.post(update_of(number, text))))
            await until(lambda number=number: len(hook.webhook._order) == number + 1)  # type: ignore[misc]
        assert await hook.post(update_of(9, "b", chat=6)) == 200
        assert answers.begun == ["hold 1", "b"]
        answers.door.set()
        assert await asyncio.gather(*calls) == [200, 200, 200]
    assert answers.done == ["b", "hold 1", "a2", "a3"]


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        ({"secret": "wrong"}, 403),
        ({"secret": SECRET[:-1]}, 403),
        ({"secret": None}, 403),
        ({"secret": ""}, 403),
        ({"path": "guess"}, 404),
        ({"path": ""}, 404),
        ({"path": PATH + "x"}, 404),
        ({"kind": "text/plain"}, 415),
        ({"kind": "multipart/form-data; boundary=x"}, 415),
        ({"kind": ""}, 415),
        ({"body": b"{"}, 400),
        ({"body": b"\xff\xfe"}, 400),
        ({"body": b""}, 400),
        ({"body": b"[" * 100_000}, 400),
        ({"body": []}, 400),
        ({"body": "5"}, 400),
        ({"body": {"message": {}}}, 400),
        ({"body": {"update_id": "5"}}, 400),
        ({"body": {"update_id": -5}}, 400),
        ({"body": {"update_id": 10**30}}, 400),
    ],
    ids=ascii,
)
async def test_a_forged_call_is_refused(
    api: BotApiServer, bot: Bot, forged: dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it reaches a handler or the log, and the next true call is answered."""
    answers, tally = Answers(), Tally()
    with caplog.at_level(logging.DEBUG):
        async with hooked(bot, answers, tally=tally) as hook:
            assert await hook.post(**{"body": update_of(1, TEXT), **forged}) == status
            assert answers.begun == []
            assert await hook.post(update_of(2, "true")) == 200
    assert answers.done == ["true"]
    assert tally.refused == 1
    assert not any(TEXT in record.getMessage() for record in caplog.records if record.name.startswith("bot"))


@pytest.mark.parametrize("announced", [True, False])
async def test_ten_megabytes_are_not_read(
    api: BotApiServer, bot: Bot, announced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither with a length that says so nor piece by piece; whoever sends them is cut off."""
    most = 0
    read = webhook_module._read

    async def watched(request: Any) -> bytes | None:
        nonlocal most
        stream = request.stream

        async def counting() -> AsyncIterator[bytes]:
            nonlocal most
            async for chunk in stream():
                most += len(chunk)
                yield chunk

        request.stream = counting
        return await read(request)

    monkeypatch.setattr(webhook_module, "_read", watched)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    async with hooked(bot, Answers(), tally=(tally := Tally())) as hook:
        assert await hook.post(io.BytesIO(b"x" * 10_000_000) if announced else pieces()) in {413, 0}
        assert most <= (0 if announced else 2 * MOST_BYTES)
        assert await hook.post(update_of(2, "true")) == 200
    assert tally.refused == 1


async def test_a_body_that_never_comes_is_given_up(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a call holds nothing up."""
    monkeypatch.setattr(webhook_module, "_BODY_SECONDS", 0.05)
    async with hooked(bot, Answers()) as hook:
        port = int(hook.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /{PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_the_secret_is_compared_in_constant_time(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Path and header are both compared by the function made for it, whatever the first of them says."""
    compared: list[tuple[bytes, bytes]] = []

    def watched(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return hmac.compare_digest(a, b)

    async with hooked(bot, Answers()) as hook:
        monkeypatch.setattr(webhook_module, "hmac", type("Hmac", (), {"compare_digest": staticmethod(watched)}))
        await hook.post(path="guess", secret="other")
    assert compared == [(b"guess", PATH.encode()), (b"other", SECRET.encode())]


async def test_a_proxy_may_change_the_path_before_the_secret_part(api: BotApiServer, bot: Bot) -> None:
    """With or without the prefix of the public address."""
    async with hooked(bot, Answers()) as hook:
        assert await hook.post(update_of(1, "x"), path=f"some/prefix/{PATH}") == 200


async def test_a_replay_is_not_answered_twice(api: BotApiServer, bot: Bot, tmp_path: Path) -> None:
    """Neither at once nor while it is in flight nor by the next program; Telegram hears 200 each time."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3")
    await database.open()
    answers, tally = Answers(), Tally()
    async with hooked(bot, answers, handled=Handled(database), tally=tally) as hook:
        both = [asyncio.create_task(hook.post(update_of(1, "hold"))) for _ in range(2)]
        await until(lambda: answers.begun == ["hold"])
        answers.door.set()
        assert await asyncio.gather(*both) == [200, 200]
        assert await hook.post(update_of(1, "hold")) == 200
    async with hooked(bot, answers, handled=Handled(database), tally=tally) as hook:
        assert await hook.post(update_of(1, "hold")) == 200
        assert await hook.post(update_of(2, "new")) == 200
    assert answers.done == ["hold", "new"]
    assert (tally.handled, tally.repeated) == (2, 2)
    await database.close()


async def test_what_takes_too_long_is_sent_again_and_answered_once(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 before Telegram's patience ends; the repeated call waits for the same answer."""
    monkeypatch.setattr(webhook_module, "_ANSWER_SECONDS", 0.1)
    answers = Answers()
    async with hooked(bot, answers):
        await api.person().say("hold")
        await until(lambda: len(api.deliveries) >= 3)
        answers.door.set()
        await api.wait_until_taken()
    assert answers.done == ["hold"]
    statuses = [d.status for d in api.deliveries]
    assert statuses[-1] == 200
    assert set(statuses[:-1]) == {503}


@pytest.mark.parametrize(
    "poison",
    [
        {"message": {"no": "date", "text": TEXT}},
        {"message": TEXT},
        {"callback_query": {"id": "1", "data": TEXT}},
        {"kind_to_come": {"text": TEXT}},
        {},
    ],
    ids=ascii,
)
async def test_a_poison_update_blocks_nobody(
    api: BotApiServer, bot: Bot, poison: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """One that does not parse, and a kind that nobody knows yet, are taken and done with."""
    answers, alice = Answers(), api.person()
    with caplog.at_level(logging.DEBUG, "bot"):
        async with hooked(bot, answers):
            api.push_raw(poison)
            await alice.say("after")
            await api.wait_until_taken()
    assert "after" in answers.done
    assert {d.status for d in api.deliveries} == {200}
    assert not any(TEXT in r.getMessage() for r in caplog.records if r.name.startswith("bot."))


async def test_a_handler_that_raises_is_done_with(
    api: BotApiServer, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """Or it would come back for ever."""

    async def fail(update: Update) -> None:
        raise RuntimeError(TEXT)

    tally = Tally()
    async with hooked(bot, fail, tally=tally):
        await api.person().say("x")
        await api.wait_until_taken()
    assert [d.status for d in api.deliveries] == [200]
    assert (tally.handled, tally.failed) == (1, 1)


async def test_stop_drains(api: BotApiServer, bot: Bot) -> None:
    """Asked to stop, what is at hand is answered and taken, and the port is closed."""
    answers = Answers()
    async with hooked(bot, answers) as hook:
        await api.person().say("hold")
        await until(lambda: answers.begun == ["hold"])
        hook.webhook.stop()
        await asyncio.sleep(0.3)
        assert not hook.task.done()
        assert await hook.post(update_of(5, "too late")) in {503, 0}
        answers.door.set()
        async with asyncio.timeout(5):
            await hook.task
    assert answers.done == ["hold"]
    assert [d.status for d in api.deliveries if d.status] == [200]


async def test_what_stop_cannot_finish_comes_again(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that hangs is cut off; Telegram hears 503 and keeps the update for the next start."""
    monkeypatch.setattr(webhook_module, "_DRAIN_SECONDS", 0.2)
    answers, again = Answers(), Answers()
    again.door.set()
    async with hooked(bot, answers) as hook:
        await api.person().say("hold for ever")
        await until(lambda: answers.begun == ["hold for ever"])
        began = asyncio.get_running_loop().time()
        hook.webhook.stop()
        await asyncio.wait({hook.task})
        assert asyncio.get_running_loop().time() - began < 3
        assert api.deliveries[0].status == 503
        assert len(api.unconfirmed) == 1
    async with hooked(bot, again):
        await api.wait_until_taken()
    assert again.done == ["hold for ever"]


async def test_a_lost_answer_is_not_answered_twice(api: BotApiServer, bot: Bot) -> None:
    """Where the proxy lost the 200, the repeated call is known."""
    answers = Answers()
    async with hooked(bot, answers) as hook:
        await until(lambda: api.world.courier.webhook is not None)
        port = int(hook.url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(update_of(1, "hold")).encode()
        head = f"POST /{PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await until(lambda: answers.begun == ["hold"])
        writer.close()
        answers.door.set()
        assert await hook.post(update_of(1, "hold")) == 200
    assert answers.done == ["hold"]


async def test_a_webhook_that_was_removed_is_set_again(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program took it away: one line, and updates come again."""
    monkeypatch.setattr(webhook_module, "_WATCH_SECONDS", 0.02)
    monkeypatch.setattr(webhook_module, "_ASK_SECONDS", 0.02)
    answers = Answers()
    with caplog.at_level(logging.DEBUG, "bot"):
        async with hooked(bot, answers):
            await until(lambda: api.world.courier.webhook is not None)
            await bot.delete_webhook()
            await api.person().say("still there?")
            await until(lambda: answers.done == ["still there?"])
    assert [r.getMessage() for r in caplog.records if r.name.startswith("bot.")] == [
        "the webhook was changed or removed by another program; it is set again"
    ]


@pytest.mark.parametrize("fault", ["500", "429", "drop", "html", "outage"])
async def test_setting_the_webhook_bears_what_telegram_does(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It is tried until it goes through."""
    monkeypatch.setattr(webhook_module, "_FIRST_WAIT", 0.01)
    if fault == "429":
        api.faults.next("setWebhook", status=429, retry_after=1)
    elif fault == "500":
        api.faults.next("setWebhook", status=500, times=3)
    elif fault == "drop":
        api.faults.drop_connection("setWebhook", times=3)
    elif fault == "html":
        api.faults.malformed("setWebhook", times=3)
    else:
        await api.stop()
    answers = Answers()
    async with hooked(bot, answers):
        await asyncio.sleep(0.05)
        if fault == "outage":
            await api.start()
        await api.person().say("hello")
        await until(lambda: answers.done == ["hello"])


@pytest.mark.parametrize("result", [b"[]", b"[1]", b"true", b"null", b'"x"', b'{"url":5,"last_error_date":"x"}', None])
async def test_an_odd_answer_of_telegram_ends_nothing(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, result: bytes | None
) -> None:
    """JSON that is no answer to what was asked is as if Telegram had not heard."""
    for name in ("_WATCH_SECONDS", "_ASK_SECONDS", "_FIRST_WAIT"):
        monkeypatch.setattr(webhook_module, name, 0.02)
    body = b'{"ok":true,"description":"no result"}' if result is None else b'{"ok":true,"result":%b}' % result
    for method in ("setWebhook", "getWebhookInfo"):
        api.faults.malformed(method, times=3, body=body)
    answers = Answers()
    async with hooked(bot, answers):
        await api.wait_for_call("getWebhookInfo", count=5)
        await api.person().say("hello")
        await until(lambda: answers.done == ["hello"])


@pytest.mark.parametrize(
    ("status", "error", "words"), [(401, TokenError, "UNSPOKEN_TOKEN"), (400, SettingsError, "UNSPOKEN_WEBHOOK_URL")]
)
async def test_what_telegram_refuses_for_good_ends_it_in_one_line(
    api: BotApiServer, bot: Bot, status: int, error: type[Exception], words: str
) -> None:
    """The line says what to mend and holds neither token nor path."""
    api.faults.next("setWebhook", status=status)
    with pytest.raises(error, match=words) as caught:
        async with hooked(bot, Answers()) as hook, asyncio.timeout(5):
            await asyncio.wait({hook.task})
    assert TOKEN not in str(caught.value)
    assert PATH not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_telegrams_trouble_with_the_address_is_said_once(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nothing arrives since a proxy is broken, the log says where to look."""
    monkeypatch.setattr(webhook_module, "_WATCH_SECONDS", 0.02)
    monkeypatch.setattr(webhook_module, "_ASK_SECONDS", 0.02)
    with caplog.at_level(logging.DEBUG, "bot"):
        async with hooked(bot, Answers()) as hook:
            await until(lambda: api.world.courier.webhook is not None)
            monkeypatch.setattr(hook.webhook, "_path", b"the proxy leads elsewhere")
            await api.person().say("x")
            await until(lambda: any("check the proxy" in r.getMessage() for r in caplog.records))
            api.clock.advance(seconds=30)
            await asyncio.sleep(0.1)
    assert len([r for r in caplog.records if r.name.startswith("bot.")]) == 1


async def test_an_address_in_use_is_one_line() -> None:
    """Said with the setting's name before anything is started."""
    with open_socket("127.0.0.1:0", "X") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=r"^UNSPOKEN_WEBHOOK_LISTEN: cannot listen there") as caught:
            open_socket(f"127.0.0.1:{port}", "UNSPOKEN_WEBHOOK_LISTEN")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["[::1]:0", "localhost:0", "0.0.0.0:0"])
def test_usual_addresses_are_listened_on(address: str) -> None:
    """IPv4, IPv6, names."""
    if address.startswith("[") and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    open_socket(address, "X").close()


def test_path_and_secret_differ_with_key_and_token() -> None:
    """Neither tells the other, and each fits what Telegram allows."""
    all_four = {secret_path(KEY, "1:a"), secret_path(KEY, "1:b"), secret_path(b"x" * 32, "1:a"), SECRET[:48]}
    assert len(all_four) == 4
    assert len(SECRET) <= 256
