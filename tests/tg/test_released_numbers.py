"""Weekly numbers as the program releases them: with and without one member they come from nearby distributions.

`tests/core/test_noise.py` shows in closed form that the law for one member more is near the law without; here the
numbers that the whole program stores and shows follow that law, so that nothing on the way adds to what is told.
"""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace

import pytest

from bot.core.noise import Rule
from bot.storage.schema import groups, weekly
from bot.storage.weekly import weeks_before
from bot.tg.groupweek import EPSILON
from tests.bot_api import BotApiServer
from tests.core.test_noise import UNLIKELY, beyond, fit, law_of_release
from tests.tg.live import Live

GROUPS = 150
TOPIC = "texting_ex"


async def _ask(live: Live, first: int, members: int, week: int) -> list[int]:
    """Enter that so many members of each of many groups have asked on a topic; return the groups."""
    desk = live.desk.in_groups
    chats = [-1_000_000_000_000 - first - n for n in range(GROUPS)]
    async with desk.groups._database.begin() as connection:
        known = [{"chat": desk.seal.chat(c), "box": desk.seal.close(c), "settings": "{}"} for c in chats]
        await connection.execute(groups.insert(), known)
        rows = [
            {"chat": desk.seal.chat(c), "week": week, "topic": TOPIC, "member": desk.seal.member(c, week, person)}
            for c in chats
            for person in range(1, members + 1)
        ]
        await connection.execute(weekly.insert(), rows)
    return chats


@pytest.mark.parametrize("others", [4, 12, 15])
async def test_what_the_program_releases_follows_the_law(
    live: Live, api: BotApiServer, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """For the others alone and for one member more, the fifth too; and the two laws are near each other."""
    week = weeks_before(api.clock.now(), 1)[0]
    monkeypatch.setattr("bot.tg.groupweek.secrets", SimpleNamespace(randbelow=random.Random(others).randrange))
    lives = {true: await _ask(live, 1000 * true, true, week) for true in (others, others + 1)}
    desk = live.desk.in_groups
    await desk.release()
    for true, chats in lives.items():
        seen: Counter[int] = Counter()
        for chat in chats:
            (release,) = await desk.weekly_counts.read(chat, [week])
            assert release.epsilon == EPSILON
            seen[dict(release.counts).get(TOPIC, -1)] += 1
        law = {-1 if value is None else value: p for value, p in law_of_release(true, Rule(EPSILON)).items()}
        assert set(seen) <= set(law)
        if law[-1] > 0.99:  # four are never shown, five in one group of three hundred
            assert seen[-1] >= GROUPS - (0 if true < Rule().k else 4)
        else:
            assert fit(seen, law) > UNLIKELY
    without, with_one = (law_of_release(true, Rule(EPSILON)) for true in lives)
    assert beyond(with_one, without, float(EPSILON) / 3) <= float(Rule().delta) / 3 + 1e-9
    assert beyond(without, with_one, float(EPSILON) / 3) <= float(Rule().delta) / 3 + 1e-9


async def test_the_number_shown_is_the_number_released_however_often(live: Live, api: BotApiServer) -> None:
    """A second look draws no second number, and no hash of the week is left to draw it from."""
    week = weeks_before(api.clock.now(), 1)[0]
    chats = await _ask(live, 1, 40, week)
    desk, renderer = live.desk.in_groups, live.desk.renderer
    for _ in range(2):
        await desk.release()
        (release,) = await desk.weekly_counts.read(chats[0], [week])
        text = renderer.insight(week, release.counts, EPSILON).html
        assert f"{renderer.node_label(TOPIC)}: about {dict(release.counts)[TOPIC]}" in text
        assert await desk.weekly_counts._database.rows(weekly.select()) == []
    values = {dict((await desk.weekly_counts.read(chat, [week]))[0].counts)[TOPIC] for chat in chats}
    assert len(values) > 3, "noise that is the same everywhere is none"
