"""The cards of groups: the one neutral line, the card on arrival, and the settings that admins change in private."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from markupsafe import escape

from bot.content.groupsettings import CLEAR_MINUTES, COMMANDS, GroupSettings
from bot.content.places import PLACES, place_name
from bot.content.privacycards import PrivacyWriter
from bot.content.reply import Button, Reply, Target
from bot.content.writer import in_rows
from bot.core.values import Direction

ADDED = "a"
"""the word that Telegram puts after /start in a group to which the bot was added by our link"""


@dataclass(frozen=True, slots=True)
class GroupWriter(PrivacyWriter):
    """Writes what is seen in groups, and the settings."""

    def shared(self, intent: str) -> str:
        """Return a neutral card on a topic to share with others: no direction, no reader, no way of asking."""
        # Its line for readers who are afraid speaks of a button that no one has there.
        card = replace(self.catalogue.library.cards[self.catalogue.path_of(intent)], talk=False)
        label = self.catalogue.label(intent, self.lang)
        return f"<b>{escape(label)}</b>\n\n{self._render(card, Direction.NONE, short=True)}"

    def add_to_group(self, username: str) -> Button:
        """Return the button that adds the bot to a group of the presser's choice."""
        return Button(self._text("add_to_group"), url=f"https://t.me/{username}?startgroup={ADDED}")

    def written(self, group: str) -> tuple[str, ...]:
        """Return the intents of a group of topics that have a card in this language; all where none has."""
        catalogue = self.catalogue
        intents = dict(catalogue.taxonomy.groups)[group]
        return tuple(i for i in intents if catalogue.library.has(catalogue.path_of(i), self.lang)) or tuple(intents)

    def group_line(self, link: str) -> Reply:
        """Return the one line that answers every command in a group, whatever was written."""
        return Reply(self._text("group_line"), ((Button(self._button("private"), url=link),),))

    def group_arrived(self, link: str, username: str) -> Reply:
        """Return the short card after the bot was added."""
        return Reply(
            self._text("group_arrived").format(username=escape(username)),
            ((Button(self._button("private"), url=link),),),
        )

    def group_promoted(self) -> Reply:
        """Return the warning after the bot was made an admin."""
        return Reply(self._text("group_promoted"))

    def group_welcome(self, link: str) -> Reply:
        """Return the card for new members, where it was turned on."""
        return Reply(self._text("group_welcome"), ((Button(self._button("private"), url=link),),))

    def group_weekly(self, intent: str, link: str) -> Reply:
        """Return the weekly card, where it was turned on; its topic stands behind what a lock screen shows."""
        label, _, card = self.shared(intent).partition("\n\n")
        body = card.partition("\n\n")[2]  # its first line thanks for a question that nobody asked
        head = f"{self._text('group_weekly')} {self._text('group_weekly_note')}"
        return Reply(f"{head}\n\n{label}\n\n{body}", ((Button(self._button("private"), url=link),),))

    def group_answer(self, intent: str, link: str) -> Reply:
        """Return a short public answer to a general question."""
        return Reply(self.shared(intent), ((Button(self._button("private"), url=link),),))

    def settings_link(self, link: str) -> Reply:
        """Return the line in the group that leads an admin to the settings in private."""
        return Reply(self._text("settings_link"), ((Button(self._button("settings"), url=link),),))

    def from_group(self, settings: GroupSettings, target: Target, box: str | None = None) -> Reply:
        """Return the first card of a private chat opened from a group; `box` is the group's code where that is on."""
        service = settings.service(self._moment().date())
        local = ""
        if service is not None:
            local = "\n\n" + self._text("from_group_local").format(
                name=escape(service.name), contact=escape(service.contact), until=service.until.isoformat()
            )
        rows: tuple[tuple[Button, ...], ...] = (
            (Button(self._button("timer_one"), self._to("timer:1", target)),),
            (Button(self.node_label("page:phone"), self._to("page:phone", target)),),
            (Button(self.node_label("page:privacy"), self._to("page:privacy", target)),),
        )
        if box is not None:
            rows = ((Button(self._button("ask_box"), self._to(f"askbox:{box}", target)),), *rows)
        return Reply(f"{self._text('from_group')}{local}", (*rows, *self._foot(target)), node="page:start")

    def settings_panel(self, code: str, settings: GroupSettings, thread: int | None, note: str = "") -> Reply:
        """Return the settings of a group; `note` is the key of a text on what a press did, or why it did nothing."""
        state = Target("", lang=self.lang)

        def to(field: str, value: str) -> Target:
            return Target(f"set:{code}:{field}.{value}", lang=self.lang)

        def switch(field: str, on: bool) -> Button:
            mark = self._text("is_on" if on else "is_off")
            return Button(f"{self._button('set_' + field)}: {mark}", to(field, "0" if on else "1"))

        languages = self.catalogue.library.languages
        order = [*languages]
        following = order[(order.index(settings.lang) + 1) % len(order)] if settings.lang in order else order[0]
        minutes = (
            CLEAR_MINUTES[(CLEAR_MINUTES.index(settings.minutes) + 1) % len(CLEAR_MINUTES)]
            if settings.minutes in CLEAR_MINUTES
            else CLEAR_MINUTES[1]
        )
        language = languages[settings.lang].name if settings.lang in languages else "English"
        on, off = self._text("is_on"), self._text("is_off")
        place = place_name(settings.country or self.country)
        clear = self._text("never") if not settings.minutes else self._text("minutes").format(n=settings.minutes)
        rows: list[tuple[Button, ...]] = [
            (switch("public", settings.public),),
            (switch("box", settings.box),),
            (switch("welcome", settings.welcome), switch("weekly", settings.weekly)),
            (Button(f"{self._button('set_minutes')}: {clear}", to("minutes", str(minutes))),),
            (Button(f"{self._button('set_lang')}: {language}", to("lang", languages[following].letter)),),
            (Button(f"{self._button('set_country')}: {place}", to("where", "0")),),
            tuple(
                Button(f"/{c}: {off if c in settings.off else on}", to("off", f"{c}{int(c in settings.off)}"))
                for c in COMMANDS
            ),
        ]  # fmt: skip
        if settings.box:
            rows.append((Button(self._button("set_moderate"), to("moderate", "0")),))
            rows.append((Button(self._button("set_unblock"), to("unblock", "0")),))
        rows.append((Button(self._button("set_insight"), to("insight", "0")),))
        if thread:
            rows.append((Button(self._button("set_topic"), to("topic", str(thread))),))
        if settings.topic:
            rows.append((Button(self._button("set_topic_off"), to("topic", "0")),))
        local = settings.local
        rows.append((Button(self._button("set_local" if local is None else "set_local_off"),
                            to("ask", "0") if local is None else to("local", "0")),))  # fmt: skip
        head = f"{self._text(note)}\n\n" if note else ""
        return Reply(f"{head}{self._text('settings')}", (*rows, *self._foot(state)), care=True, node="settings")

    def settings_country(self, code: str) -> Reply:
        """Return the choice of the country for help lines."""
        state = Target("", lang=self.lang)
        buttons = [
            Button(name, replace(state, node=f"set:{code}:country.{place.lower()}")) for place, name in PLACES.items()
        ]
        return Reply(self._text("settings_country"), (*in_rows(buttons, 3), *self._foot(state)), care=True)

    def settings_ask_local(self) -> Reply:
        """Return how to enter a local service."""
        example = (self._moment().date() + dt.timedelta(days=180)).isoformat()
        return Reply(self._text("settings_ask_local").format(date=example), self._foot(Target("")), care=True)

    def settings_note(self, key: str) -> Reply:
        """Return one line on what a press or a typed line did."""
        return Reply(self._text(key), self._foot(Target("")), care=True)
