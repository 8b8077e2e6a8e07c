"""Inline mode: off unless turned on; neutral cards, nothing of the one who shares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import build_application, make_desk
from bot.content.catalogue import Catalogue
from bot.content.render import NOT_FOR_YOUNG, Renderer
from bot.core.engine import Engine
from bot.settings import Settings
from bot.storage.database import Database
from bot.tg.share import Share
from tests.tg.recording import CANARIES, PERSON_ID, TOKEN, RecordingRequest, Talk


async def _ask(settings: Settings, engine: Engine, catalogue: Catalogue, text: str) -> list[dict[str, object]]:
    request = RecordingRequest()
    database = Database(settings.resolved_database_url)
    await database.open()
    person = {"id": PERSON_ID, "is_bot": False, "first_name": "A"}
    async with build_application(settings, make_desk(settings, engine, catalogue, database), request) as application:
        query = {"id": "1", "from": person, "query": text, "offset": ""}
        await Talk(application, request).update(inline_query=query)
    await database.close()
    calls = [c for c in request.calls if c.method == "answerInlineQuery"]
    assert len(calls) <= 1
    if not calls:
        return []
    assert calls[0].params["cache_time"] == 0
    assert calls[0].params["is_personal"] is True
    results = calls[0].params["results"]
    return json.loads(results) if isinstance(results, str) else list(results)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with inline mode on."""
    return Settings(token=SecretStr(TOKEN), secret=SecretStr("s" * 32), data_dir=tmp_path, inline=True)


@pytest.mark.parametrize("text", ["", "is texting an ex ok", "he hit me last night", "zzzz"])
async def test_neutral_cards_are_offered(settings: Settings, engine: Engine, catalogue: Catalogue, text: str) -> None:
    """Whatever is typed; danger changes nothing that others could see."""
    results = await _ask(settings, engine, catalogue, text)
    assert results
    sent = json.dumps(results)
    assert not any(canary in sent for canary in CANARIES)
    assert "999" not in sent
    assert len({str(r["id"]) for r in results}) == len(results)


async def test_off_by_default(tmp_path: Path, engine: Engine, catalogue: Catalogue) -> None:
    """An operator chooses it."""
    settings = Settings(token=SecretStr(TOKEN), secret=SecretStr("s" * 32), data_dir=tmp_path)
    assert await _ask(settings, engine, catalogue, "texting an ex") == []


def test_what_fits_comes_first_and_nothing_of_age(engine: Engine, renderer: Renderer) -> None:
    """A danger looks like no text at all."""
    share = Share(engine, renderer)
    assert share.topics("is texting an ex micro cheating")[0] == "texting_ex"
    assert share.topics("he hit me last night") == share.topics("")
    assert not NOT_FOR_YOUNG & set(share.topics("is watching porn cheating"))
