"""Every command and every button, pressed as an admin, teaches nothing on one member.

The same time is lived twice, once with a member's activity and once without it or with another's, and all that the bot
shows an admin is compared byte by byte. The weekly numbers are excepted: `test_released_numbers.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.catalogue import Catalogue
from bot.core.engine import Engine
from bot.storage.boxrows import HOLD_SECONDS
from tests.bot_api import Person
from tests.tg.curious import Life, Seen, Walk, World, commands_of, nothing, open_world, watch

DANGER = "he hit me last night"
PERSONAL = "is texting my ex micro-cheating?"
QUESTION = "Would you mind if somebody liked old photos?"


async def private_life(world: World) -> None:
    """Use the private chat for all that it offers, and nearly hand in a question."""
    alice = world.alice
    for text in ("/start", PERSONAL, "/timer", "/word milk and eggs", "/veil", DANGER, "/proof", "/topics", "/help"):
        await world.say(alice, text)
    texts = world.desk.renderer.catalogue.library.texts["buttons"]
    word = world.desk.in_groups.link(world.application.bot, world.group.id).split("start=")[1]
    await world.say(alice, f"/start {word}")
    await world.say(alice, "/clear")
    await world.say(alice, f"/start {word}")
    await world.press(alice, texts["ask_box"])
    await world.press(alice, texts["box_write"])
    await world.say(alice, QUESTION)
    await world.press(alice, texts["box_drop"])
    await world.say(alice, f"/start s{word[1:]}")
    await alice.block_bot()
    await world.api.wait_until_taken()


def asks(text: str) -> Life:
    """Return a life in which Alice writes a command in the group."""

    async def life(world: World) -> None:
        await world.say(world.alice, f"/ask{text}", in_group=True)

    return life


def hands_in(name: str, questions: int = 2) -> Life:
    """Return a life in which somebody asks in the group, hands in questions, follows one and wants answers."""

    async def life(world: World) -> None:
        person: Person = getattr(world, name)
        texts = world.desk.renderer.catalogue.library.texts["buttons"]
        await world.say(person, f"/ask {PERSONAL}", in_group=True)
        for n in range(questions):
            await world.ask_box(person, f"{QUESTION} {n}")
        await world.press(person, "Topics")
        await world.say(person, "/proof")
        handed = [m for m in person.chat.from_bot if m.find_button(texts["box_follow"])]
        words = [next(str(b.wire["url"]) for b in m.buttons if "url" in b.wire).split("start=")[1] for m in handed]
        assert len(words) == questions
        await world.pass_time(seconds=HOLD_SECONDS)
        await world.desk.box.moderate(world.application.bot, world.admin.id, world.group.id)
        await world.press(world.admin, texts["box_pass"])
        await world.pass_time(hours=13)
        posted = world.group.from_bot[-1]
        assert QUESTION[:20] in posted.text
        for word in words:
            await world.say(person, f"/start {word}")
            if person.chat.from_bot[-1].find_button(texts["box_watch"]):
                await world.press(person, texts["box_watch"])
        await world.say(world.chand, "I would not mind", in_group=True, reply_to=posted)
        await world.pass_time(minutes=40)
        assert any("I would not mind" in m.text for m in person.chat.from_bot)

    return life


async def blocks_alice(world: World) -> None:
    """Let the admin refuse a question of Alice's and block whoever asked."""
    texts = world.desk.renderer.catalogue.library.texts["buttons"]
    await world.ask_box(world.alice, QUESTION)
    await world.pass_time(seconds=HOLD_SECONDS)
    await world.desk.box.moderate(world.application.bot, world.admin.id, world.group.id)
    await world.press(world.admin, texts["box_block"])
    await world.pass_time(hours=13)


async def tries_again(world: World) -> None:
    """Hand in three more, as one who does not know of the block."""
    for n in range(3):
        await world.ask_box(world.alice, f"{QUESTION} {n}")


def forgets(name: str, before: Life = nothing) -> Life:
    """Return a life in which somebody erases everything at last."""

    async def life(world: World) -> None:
        await before(world)
        await world.say(getattr(world, name), "/forget")

    return life


def same(one: list[list[Seen]], other: list[list[Seen]]) -> None:
    """Assert that two admins have seen the same; name the first difference."""
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        for at, (left, right) in enumerate(zip(a, b, strict=False)):
            assert left == right, f"walk {number}, message {at}"
        assert len(a) == len(b), f"walk {number}"


@pytest.mark.parametrize(
    ("before", "one", "other"),
    [
        pytest.param(nothing, nothing, private_life, id="the private chat"),
        pytest.param(nothing, asks(""), asks(f" {DANGER}"), id="danger in the group"),
        pytest.param(nothing, asks(f" {PERSONAL}"), asks(" what is micro-cheating?"), id="the topic in the group"),
        pytest.param(nothing, hands_in("alice"), hands_in("bella"), id="whose question it is"),
        pytest.param(blocks_alice, nothing, tries_again, id="what the blocked do"),
        pytest.param(hands_in("alice", 1), nothing, forgets("alice"), id="forgetting what is settled"),
        pytest.param(
            nothing, forgets("alice", hands_in("alice")), forgets("bella", hands_in("bella")), id="who has forgotten"
        ),
    ],
)
async def test_an_admin_sees_the_same(
    engine: Engine, catalogue: Catalogue, tmp_path: Path, before: Life, one: Life, other: Life
) -> None:
    """With and without it, by one member or by another."""
    everywhere = other is private_life
    same(
        await watch(engine, catalogue, tmp_path / "one", before, one, everywhere=everywhere),
        await watch(engine, catalogue, tmp_path / "other", before, other, everywhere=everywhere),
    )


async def test_the_walk_goes_everywhere_and_sees_what_differs(
    engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Otherwise the comparisons prove nothing: all commands, all settings, all the box's buttons; a change is seen."""
    async with open_world(engine, catalogue, tmp_path / "x") as world:
        for person in (world.alice, world.bella, world.chand):
            await world.ask_box(person, QUESTION)
        await world.pass_time(seconds=HOLD_SECONDS)
        walk = Walk(world, everywhere=True)
        seen = await walk.run()
        pressed = {key.partition(":")[0] for key in walk.pressed}
        assert {"set", "box", "askbox", "timer", "tidy", "page", "group", "topics", "tools"} <= pressed
        fields = {key.rsplit(":", 1)[1].partition(".")[0] for key in walk.pressed if key.startswith("set:")}
        assert fields >= {"public", "box", "welcome", "weekly", "minutes", "lang", "country", "where", "off", "insight"}
        assert fields >= {"moderate", "unblock", "ask"}
        actions = {key.split(":")[1] for key in walk.pressed if key.startswith("box:")}
        assert {"pass", "refuse", "block", "next", "write", "keep", "drop"} <= actions
        assert {"start", "help", "ask", "settings", "privacy", "proof", "forget"} <= commands_of(world.application)
        assert len(seen) > 300
    async with open_world(engine, catalogue, tmp_path / "y") as world:
        await world.ask_box(world.alice, QUESTION)
        await world.pass_time(seconds=HOLD_SECONDS)
        other = await Walk(world, everywhere=False).run()
        assert any("1 waiting" in text for _, text in other)
        assert any("3 waiting" in text for _, text in seen)
