"""The cards of a question of the box: for its asker, for the moderators, and for the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import escape

from bot.content.groupcards import GroupWriter
from bot.content.reply import Button, Reply, Target
from bot.core.clues import CONTACTS, Mark

LONGEST = 1000
"""letters of a question as it goes out"""
LONGEST_TYPED = 800
"""letters of a draft: softer words may be longer"""
_HOURS = 12
"""within which something approved is posted: what is left of one window, and the next"""
_CHANNEL = "-100"
"""what Telegram puts before the number of a supergroup"""


@dataclass(frozen=True, slots=True)
class BoxWriter(GroupWriter):
    """Writes what belongs to the question box; whatever people typed is escaped."""

    def box_invite(self, code: str) -> Reply:
        """Return the invitation to write a question; `code` is that of the draft to be."""
        return self._box(self._text("box_invite"), ((self._act("box_write", "write", code),),))

    def box_write(self, code: str) -> Reply:
        """Return the line that asks for the text."""
        text = self._text("box_write").format(most=LONGEST_TYPED)
        return self._box(text, ((self._act("box_drop", "drop", code),),))

    def box_draft(self, code: str, text: str, marks: Sequence[Mark], softer: str, kept: str, note: str = "") -> Reply:
        """Return a draft with what is marked in it and the softer wording; `note` is the key of a text to come first.

        `kept` is what goes out with the writer's own words: without contacts, which `text` and `marks` may hold.
        """
        head = [self._text(note)] if note else []
        if not marks:
            parts = [
                *head,
                self._text("box_look"),
                f"{self._text('box_plain')}\n{_quote(text)}",
                self._text("box_again"),
            ]
            rows = [(self._act("box_hand_in", "keep", code),)]
        else:
            contacts = any(m.kind in CONTACTS for m in marks)
            parts = [
                *head,
                self._text("box_look"),
                f"{self._text('box_marked')}\n<blockquote>{_marked(text, marks)}</blockquote>",
                f"{self._text('box_softer')}\n{_quote(softer)}",
                *([self._text("box_contacts")] if contacts else []),
                self._text("box_again"),
            ]
            rows = [(self._act("box_soft", "soft", code),)]
            if kept != softer:
                rows.append((self._act("box_keep", "keep", code),))
        return self._box("\n\n".join(parts), (*rows, (self._act("box_drop", "drop", code),)))

    def box_handed(self, name: str, link: str) -> Reply:
        """Return the card after a question was handed in; the same for everybody, also for whoever is blocked."""
        text = self._text("box_handed").format(name=escape(name))
        return self._box(text, ((Button(self._button("box_follow"), url=link),),))

    def box_note(self, key: str) -> Reply:
        """Return one line to an asker: full, long, gone, later, closed, dropped or unseen."""
        return self._box(self._text(f"box_{key}").format(most=LONGEST_TYPED), ())

    def box_ended(self, key: str) -> Reply:
        """Return what an asker is told later: refused, expired or failed; its first line gives nothing away."""
        return self._box(f"{self._text('box_note')}\n\n{self._text(f'box_{key}')}", ())

    def box_state(self, code: str, name: str, state: str, link: str | None) -> Reply:
        """Return where a question of one's own is: waiting, coming, posted, followed or ended; `link` leads to it."""
        rows: list[tuple[Button, ...]] = []
        if link is not None:
            rows.append((Button(self._button("box_open"), url=link),))
        if state in {"posted", "followed"}:
            key, action = ("box_watch", "watch") if state == "posted" else ("box_unwatch", "unwatch")
            rows.append((self._act(key, action, code),))
        return self._box(self._texts["box_state"][state].format(name=escape(name)), tuple(rows))

    def box_answer(self, code: str, name: str, text: str, link: str | None) -> Reply:
        """Return an answer from the group to whoever asked; not who gave it."""
        rows: list[tuple[Button, ...]] = [(Button(self._button("box_open"), url=link),)] if link is not None else []
        head = self._text("box_answer").format(name=escape(name))
        return self._box(f"{head}\n{_quote(text)}", (*rows, (self._act("box_unwatch", "unwatch", code),)))

    def box_moderate(self, code: str, name: str, text: str, count: int, note: str = "", group: str = "") -> Reply:
        """Return a waiting question for moderators; `note` is what came of the one before, `group` the group's code."""
        code = f"{code}:{group}" if group else code
        head = self._text("box_moderate").format(count=count, name=escape(name))
        rows = [
            (self._act("box_pass", "pass", code),),
            (self._act("box_refuse", "refuse", code), self._act("box_block", "block", code)),
            *([(self._act("box_next", "next", code),)] if count > 1 else []),
        ]
        parts = [*([note] if note else []), f"{head}\n{_quote(text)}", self._text("box_guide")]
        return self._box("\n\n".join(parts), tuple(rows))

    def box_moderated(self, key: str, name: str = "") -> str:
        """Return the line on what a moderator's press did: passed, turned_down, blocked, settled or later."""
        return self._text(f"box_{key}").format(name=escape(name), hours=_HOURS)

    def box_none(self, note: str = "") -> Reply:
        """Return the card where nothing waits for moderators."""
        return self._box("\n\n".join([*([note] if note else []), self._text("box_none")]), ())

    def box_posted(self, name: str, text: str) -> Reply:
        """Return a question as it is posted in the group: the name, the words, and no way to anybody."""
        head = f"{self._text('box_posted')}\n\n<b>{escape(name)}</b>\n{_quote(text)}"
        return Reply(f"{head}\n\n{self._text('box_kindly')}")

    def box_proof(self, held: Mapping[str, int], *, draft: bool, shared: bool = False) -> tuple[str, ...]:
        """Return the lines of /proof on questions: `held` as the box counts, `draft` for one not handed in.

        `shared` tells that a draft lies in the database, for several replicas.
        """
        with_text = held.get("waiting", 0) + held.get("coming", 0)
        without = held.get("posted", 0) + held.get("ended", 0)
        lines = [
            *([self._text("box_proof_waiting").format(count=with_text)] if with_text else []),
            *([self._text("box_proof_ended").format(count=without)] if without else []),
            *([self._text("box_proof_draft_shared" if shared else "box_proof_draft")] if draft else []),
        ]
        return tuple(lines) or (self._text("box_proof_none"),)

    def _box(self, html: str, rows: tuple[tuple[Button, ...], ...]) -> Reply:
        return Reply(html, (*rows, *self._foot(Target("", lang=self.lang))))

    def _act(self, label: str, action: str, code: str) -> Button:
        return Button(self._button(label), Target(f"box:{action}:{code}", lang=self.lang))


def message_link(group_chat_id: int, message: int) -> str | None:
    """Return the address of a message for members of a supergroup; None in a small group, whose messages have none."""
    number = str(group_chat_id)
    return f"https://t.me/c/{number.removeprefix(_CHANNEL)}/{message}" if number.startswith(_CHANNEL) else None


def _quote(text: str) -> str:
    return f"<blockquote>{escape(text)}</blockquote>"


def _marked(text: str, marks: Sequence[Mark]) -> str:
    """Return a text as HTML with its marks (in order) in bold."""
    out: list[str] = []
    at = 0
    for mark in marks:
        out += [str(escape(text[at : mark.start])), f"<b>{escape(text[mark.start : mark.end])}</b>"]
        at = mark.end
    return "".join([*out, str(escape(text[at:]))])
