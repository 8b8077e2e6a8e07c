"""A group's settings in the private chat of an admin, and the first card of whoever comes from the group."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, replace

from telegram import Bot, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bot.content.groupsettings import PARTS, read_service, read_settings, write_settings
from bot.content.languages import ENGLISH
from bot.content.places import PLACES
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.values import Action, Context
from bot.storage.boxrows import Outcome
from bot.storage.groups import Group
from bot.storage.weekly import weeks_before
from bot.tg.deliver import deliver
from bot.tg.groupbase import ASK, SETTINGS, GroupBase
from bot.tg.groupweek import EPSILON

_CHART_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class GroupPanel(GroupBase):
    """What is opened, pressed and typed in private about a group; who is an admin is asked each time."""

    async def open_link(self, bot: Bot, chat_id: int, payload: str) -> tuple[Reply, Context] | None:
        """Return the card for a deep link of ours and the context that goes with it, or None for any other word."""
        reference = payload[1:33]
        thread = payload[34:] if payload[33:34] == "-" else ""
        group = self.seal.open_reference(reference)
        if group is None or payload[:1] not in {ASK, SETTINGS}:
            return None
        group = await self.groups.present(group)
        settings = await self.settings_of(group)
        renderer = self.renderer.speaking(settings.lang)
        before = self.memory.get(chat_id)
        before = replace(before, country=before.country or settings.country)
        # Where a message about danger was typed in the group, its writer's private chat opens on care, for them alone.
        care = renderer.resume(before) if payload[0] == ASK else None
        if care is not None:
            return care, before
        if payload[0] == SETTINGS:
            if not await self.is_admin(bot, group, chat_id):
                return renderer.settings_note("not_admin"), Context(lang=settings.lang)
            if not await self.groups.put(group, write_settings(settings)):
                return renderer.settings_note("settings_lost"), Context(lang=settings.lang)
            number = int(thread) if thread.isdigit() else None
            return renderer.settings_panel(self.groups.code(group), settings, number), Context(lang=settings.lang)
        state = Target("", country=settings.country, lang=renderer.lang)
        code = self.groups.code(group) if await self.takes(bot, group, chat_id) else None
        return renderer.from_group(settings, state, code), Context(country=settings.country, lang=settings.lang)

    def opens_on_care(self, chat_id: int, text: str) -> bool:
        """Tell whether a typed text is the start of a link that opens on care, as far as memory alone tells."""
        command, _, word = text.partition(" ")
        is_ours = command == "/start" and word.startswith(ASK)
        return is_ours and self.renderer.resume(self.memory.get(chat_id)) is not None

    async def press(self, bot: Bot, chat_id: int, target: Target) -> Reply:
        """Return the settings after a press, checked against Telegram's list of admins at each."""
        renderer = self.renderer.speaking(target.lang)
        _, _, rest = target.node.partition(":")
        code, _, choice = rest.partition(":")
        group = await self.groups.by_code(code)
        if group is None:
            return renderer.settings_note("settings_lost")
        if not await self.is_admin(bot, group.chat_id, chat_id):
            return renderer.settings_note("not_admin")
        settings = read_settings(group.settings)
        renderer = self.renderer.speaking(settings.lang)
        name, _, value = choice.partition(".")
        if name == "where":
            return renderer.settings_country(code)
        if name == "insight":
            return await self._insight(bot, chat_id, group.chat_id, renderer)
        if name == "ask":
            self.memory.put(chat_id, Context(node=f"local:{code}", lang=settings.lang))
            return renderer.settings_ask_local()
        if name == "unblock":
            lifted = await self.questions.lift_blocks(group.chat_id) is Outcome.DONE
            return renderer.settings_panel(code, settings, None, "blocks_lifted" if lifted else "settings_lost")
        if name == "topic" and value.isdigit() and int(value) and not await self._has_topic(bot, group, int(value)):
            return renderer.settings_panel(code, settings, None, "topic_gone")
        languages = self.renderer.catalogue.library.languages
        if name == "lang":
            value = next((tag for tag, lang in languages.items() if lang.letter == value), "")
        if name == "country":
            value = next((place for place in PLACES if place.lower() == value), "")
        changed = settings.change(name, value, languages)
        if changed is None:
            return renderer.settings_panel(code, settings, None, "settings_odd")
        if not await self.groups.put(group.chat_id, write_settings(changed)):
            return renderer.settings_panel(code, settings, None, "settings_lost")
        if changed.off != settings.off:
            self._menus.add(group.chat_id)
            await self.set_menus(bot)
        return self.renderer.speaking(changed.lang).settings_panel(code, changed, None)

    async def take_local(self, bot: Bot, chat_id: int, text: str) -> Reply | None:
        """Return the reply to a typed local service, where one was asked for; else None, also where it tells of danger.

        A line that is a service is one, whatever its name: it may well be called after what it helps with.
        """
        before = self.memory.get(chat_id)
        if before.node is None or not before.node.startswith("local:"):
            return None
        renderer = self.renderer.speaking(before.lang or ENGLISH)
        code = before.node.partition(":")[2]
        group = await self.groups.by_code(code)
        self.memory.forget(chat_id)
        settings = read_settings(group.settings if group is not None else {})
        today = dt.datetime.fromtimestamp(self.clock(), dt.UTC).date()
        service = read_service(text, settings.country or self.renderer.country, today)
        if isinstance(service, str) and await self._is_danger(text):
            return None
        if group is None or not await self.is_admin(bot, group.chat_id, chat_id):
            return renderer.settings_note("not_admin")
        if isinstance(service, str):
            self.memory.put(chat_id, before)
            return renderer.settings_note(service)
        changed = replace(settings, local=service)
        kept = await self.groups.put(group.chat_id, write_settings(changed))
        shown, note = (changed, "local_kept") if kept else (settings, "settings_lost")
        return self.renderer.speaking(settings.lang).settings_panel(code, shown, None, note)

    async def _has_topic(self, bot: Bot, group: Group, thread: int) -> bool:
        """Tell whether a forum has a topic, by what shows nothing but "typing"; True where Telegram does not say."""
        try:
            return await bot.send_chat_action(group.chat_id, ChatAction.TYPING, message_thread_id=thread)
        except BadRequest:
            return False
        except TelegramError:
            return True

    async def _is_danger(self, text: str) -> bool:
        """Tell whether a line that is no service tells of danger; a hint does not count in one made like a service."""
        decision = await asyncio.to_thread(self.engine.decide, text)
        if text.count(";") == PARTS - 1 and not decision.risk.explicit:
            return False
        return decision.action is Action.CARE or decision.signpost is not None

    async def _insight(self, bot: Bot, chat_id: int, group: int, renderer: Renderer) -> Reply:
        """Return last week's released counts as text; the same as a picture goes before it, where that can be drawn."""
        week = weeks_before(self.clock(), 1)[0]
        found = await self.weekly_counts.read(group, [week])
        counts = found[0].counts if found else ()
        picture = await asyncio.to_thread(renderer.insight_chart, week, counts, EPSILON)
        if picture is not None:
            sent = await deliver(lambda: bot.send_photo(chat_id, picture, disable_notification=True), "chart")
            if isinstance(sent, Message):
                now = int(self.clock())
                await self.ledger.note(chat_id, [sent.message_id], now, now + _CHART_SECONDS)
        return renderer.insight(week, counts, EPSILON)
