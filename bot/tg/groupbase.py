"""What everything about groups shares: what a group chose, who is an admin or a member of it, and sending to it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telegram import Bot, ChatMember
from telegram.error import BadRequest, TelegramError

from bot.content.groupsettings import GroupSettings, read_settings, write_settings
from bot.content.render import Renderer
from bot.content.reply import Reply
from bot.core.engine import Engine
from bot.core.identify import Identifier
from bot.storage.box import QuestionBox
from bot.storage.groups import Groups
from bot.storage.ledger import Ledger
from bot.storage.seal import Seal
from bot.storage.weekly import Weekly
from bot.tg.memory import ShortMemory
from bot.tg.post import Post
from bot.tg.profile import set_group_menu
from bot.tg.recent import Recent
from bot.tg.telegram_reply import Sent

ASK = "g"
SETTINGS = "s"
"""what a deep link begins with: to the private chat, to a group's settings"""
ADMIN_SECONDS = 60
"""how long Telegram's word on who is an admin is believed"""
_MOST_KEPT = 20_000
_HIDDEN = ("chat_admin_required", "member list is inaccessible")
"""what Telegram answers where a group hides its members, in lower case"""
_ADMINS = (ChatMember.ADMINISTRATOR, ChatMember.OWNER)


@dataclass(frozen=True, slots=True)
class GroupBase:
    """What the handlers of groups work with; the question box asks it about groups too (`boxsweep.Community`)."""

    engine: Engine
    renderer: Renderer
    post: Post
    groups: Groups
    ledger: Ledger
    seal: Seal
    memory: ShortMemory
    weekly_counts: Weekly
    questions: QuestionBox
    identifier: Identifier
    clock: Callable[[], float] = field(default=time.time)
    _asked: Recent = field(default_factory=Recent)
    _read: Recent = field(default_factory=Recent)
    _called: Recent = field(default_factory=Recent)
    _greeted: Recent = field(default_factory=Recent)
    _menus: set[int] = field(default_factory=set)
    """groups whose menu of commands is still to be set"""
    _admins: OrderedDict[tuple[int, int], tuple[float, bool]] = field(default_factory=OrderedDict)

    def link(self, bot: Bot, group: int, kind: str = ASK, thread: int | None = None) -> str:
        """Return the link to the private chat that knows the group and nothing else; the same for everybody."""
        tail = f"-{thread}" if thread else ""
        return f"https://t.me/{bot.username}?start={kind}{self.seal.reference(group)}{tail}"

    async def settings_of(self, group: int) -> GroupSettings:
        """Return what a group's admins chose."""
        return read_settings(await self.groups.get(group))

    async def lang(self, group: int) -> str:
        """Return the language of cards in a group."""
        return (await self.settings_of(group)).lang

    def code(self, group: int) -> str:
        """Return the code of a group, as buttons carry it."""
        return self.groups.code(group)

    async def group_of(self, code: str) -> int | None:
        """Return the group of a button's code, or None."""
        group = await self.groups.by_code(code)
        return group.chat_id if group is not None else None

    async def is_admin(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether Telegram names a person an admin of a group now; False where it does not answer."""
        now = self.clock()
        known = self._admins.get((group, person))
        if known is not None and now - known[0] < ADMIN_SECONDS:
            return known[1]
        try:
            found = (await bot.get_chat_member(group, person)).status in _ADMINS
        except TelegramError:
            # Where members are hidden, a bot without rights is told of nobody; the list of admins stays open.
            try:
                found = any(member.user.id == person for member in await bot.get_chat_administrators(group))
            except TelegramError:
                return False
        self._admins[(group, person)] = (now, found)
        while len(self._admins) > _MOST_KEPT:
            self._admins.popitem(last=False)
        return found

    async def is_moderator(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether somebody may decide on the box's questions: admins may."""
        return await self.is_admin(bot, group, person)

    async def takes(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether a group's box is on and somebody a member of it now, or its members are hidden from the bot.

        Who came from a group had its link, which members see; moderators read everything before it is posted.
        """
        return (await self.settings_of(group)).box and await self._membership(bot, group, person) is not False

    async def shows(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether a group's box is on and somebody surely a member, who may be shown what others say there."""
        return (await self.settings_of(group)).box and await self._membership(bot, group, person) is True

    async def _membership(self, bot: Bot, group: int, person: int) -> bool | None:
        """Tell whether somebody is a member of a group; None where members are hidden from a bot without rights."""
        try:
            member = await bot.get_chat_member(group, person)
        except BadRequest as error:
            return None if any(sign in error.message.lower() for sign in _HIDDEN) else False
        except TelegramError:
            return False
        return member.status in (*_ADMINS, ChatMember.MEMBER) or bool(getattr(member, "is_member", False))

    async def publish(self, bot: Bot, group: int, reply: Reply) -> Sent | None:
        """Send a card of the box to a group, to its topic where it has one; it stays."""
        settings = await self.settings_of(group)
        return await self._hand_over(bot, group, reply, settings, settings.topic)

    async def _send(self, bot: Bot, group: int, reply: Reply, settings: GroupSettings, thread: int | None) -> None:
        """Send a card to a group and note it for clearing."""
        sent = await self._hand_over(bot, group, reply, settings, thread)
        if sent is not None and settings.minutes:
            now = int(self.clock())
            await self.ledger.note(sent.chat, [sent.number], now, now + settings.minutes * 60)

    async def _hand_over(
        self, bot: Bot, group: int, reply: Reply, settings: GroupSettings, thread: int | None
    ) -> Sent | None:
        """Send a card to a group; what is learned by it holds from then on.

        A group may have become a supergroup while nobody could be told: the card goes there, and so does the group. And
        the chosen topic may be gone: the card goes to the group itself, and the topic is forgotten.
        """
        sent = await self.post.send_unnoted(bot, group, reply, thread=thread)
        if sent is None:
            return None
        if sent.chat != group:
            await self.move(group, sent.chat)
        elif thread is not None and thread == settings.topic and sent.thread != thread:
            await self.groups.put(group, write_settings(replace(settings, topic=None)))
        return sent

    async def move(self, old: int, new: int) -> None:
        """Carry all that is a group's over to its new number; done twice, it changes nothing more."""
        await self.groups.moved(old, new)
        await self.weekly_counts.moved(old, new)
        await self.questions.moved(old, new)
        self._menus.add(new)

    async def set_menus(self, bot: Bot, *, everywhere: bool = False) -> None:
        """Offer in groups what is on there: where that is still owed, or `everywhere` that something is off."""
        if everywhere:
            self._menus.update(g.chat_id for g in await self.groups.every() if read_settings(g.settings).off)
        for group in tuple(self._menus):
            found = await self.groups.by_code(self.groups.code(group))
            if found is None:
                continue  # the database is away: what the group chose is not known now
            off = read_settings(found.settings).off
            if await set_group_menu(bot, group, off, self.renderer.catalogue.library.languages):
                self._menus.discard(group)
