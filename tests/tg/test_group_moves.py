"""A group that became a supergroup while the bot was down: what is due goes to where the group is now."""

from __future__ import annotations

import pytest

from bot.content.groupsettings import GroupSettings, read_settings, write_settings
from bot.storage.boxrows import FOLLOW_SECONDS, WINDOW_SECONDS, State
from tests.bot_api import BotApiServer, Group, Person
from tests.tg.live import Live

QUESTION = "Is it odd to keep old letters?"
CHOSEN = GroupSettings(box=True, weekly=True, country="PK")


@pytest.fixture
async def old(live: Live, api: BotApiServer, alice: Person) -> Group:
    """Return a basic group where something was chosen."""
    group = api.group("A group", members=[alice])
    assert await live.desk.in_groups.groups.put(group.id, write_settings(CHOSEN))
    return group


async def unheard(api: BotApiServer, group: Group) -> Group:
    """Let a group become a supergroup without the bot being told."""
    await api.wait_until_taken()
    standing = group.members.pop(api.world.bot.id)
    new = await group.migrate()
    for each in (group, new):
        each.members[api.world.bot.id] = standing
    return new


async def test_a_question_that_is_due_is_posted_where_the_group_is(
    live: Live, api: BotApiServer, old: Group, alice: Person
) -> None:
    """And followed there; one that waits goes with it, and so do the settings."""
    box, now = live.desk.box, int(api.clock.now())
    due = await box.questions.submit(old.id, alice.id, QUESTION, now)
    waits = await box.questions.submit(old.id, alice.id, "Is it small?", now)
    await box.questions.approve(due.code, now, lambda n: 0)
    new = await unheard(api, old)
    api.clock.advance(seconds=2 * WINDOW_SECONDS)
    assert await box.sweep(live.application.bot) == 1
    (posted,) = new.from_bot
    assert QUESTION in posted.text
    followed = await box.questions.followed(due.code, alice.id)
    assert followed is not None
    assert (followed.state, followed.group_chat_id, followed.message) == (State.POSTED, new.id, posted.message_id)
    assert [q.code for q in await box.questions.waiting(new.id, int(api.clock.now()))] == [waits.code]
    assert read_settings(await live.desk.in_groups.groups.get(new.id)) == CHOSEN
    assert await live.desk.in_groups.groups.get(old.id) == {}
    api.clock.advance(seconds=FOLLOW_SECONDS)
    await box.sweep(live.application.bot)
    assert await box.questions.held(alice.id) == {"waiting": 0, "coming": 0, "posted": 0, "ended": 0}


async def test_the_weekly_card_goes_where_the_group_is_and_once(live: Live, api: BotApiServer, old: Group) -> None:
    """It clears itself there too; what Telegram tells of the move later changes nothing more."""
    new = await unheard(api, old)
    bot = live.application.bot
    assert await live.desk.in_groups.weekly(bot) == 1
    assert len(new.from_bot) == 1
    assert await live.desk.in_groups.weekly(bot) == 0
    await live.desk.in_groups.move(old.id, new.id)
    assert await live.desk.in_groups.weekly(bot) == 0
    assert [group.chat_id for group in await live.desk.in_groups.groups.every()] == [new.id]
    api.clock.advance(minutes=61)
    await live.sweep()
    assert new.from_bot == []


async def test_links_and_settings_from_before_the_move_go_on_working(
    live: Live, api: BotApiServer, alice: Person
) -> None:
    """The cards of the small group stay in sight: the box, the country and the panel are those of the present one."""
    admin = api.person("Adminfirstname")
    small = api.group("A group", members=[alice], owner=admin)
    desk = live.desk.in_groups
    assert await desk.groups.put(small.id, write_settings(CHOSEN))
    words = [desk.link(live.application.bot, small.id, kind).split("start=")[1] for kind in ("g", "s")]
    await admin.start(words[1])
    panel = await admin.next_reply()
    new = await small.migrate()
    await api.wait_until_taken()
    await alice.start(words[0])
    assert (await alice.next_reply()).find_button("Ask the group without your name") is not None
    assert live.desk.memory.get(alice.id).country == "PK"
    await admin.press(panel, "Weekly card: on")
    assert (await admin.next_edit()).find_button("Weekly card: off") is not None
    await admin.start(words[1])
    assert (await admin.next_reply()).find_button("Weekly card: off") is not None
    assert [group.chat_id for group in await desk.groups.every()] == [new.id]
    assert not (await desk.settings_of(new.id)).weekly


async def test_what_was_chosen_anew_leaves_no_second_row(live: Live, old: Group, api: BotApiServer) -> None:
    """Where an admin was quicker than the news, theirs stands, and the old number is not written to for ever."""
    new = await unheard(api, old)
    groups = live.desk.in_groups.groups
    assert await groups.put(new.id, write_settings(GroupSettings(box=True, weekly=True)))
    await live.desk.in_groups.weekly(live.application.bot)
    assert [group.chat_id for group in await groups.every()] == [new.id]
    assert (await live.desk.in_groups.settings_of(new.id)).country is None
