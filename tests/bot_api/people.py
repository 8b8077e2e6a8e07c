"""Simulated people: what they say, send, press and do."""

import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import media
from .chats import Chat, PrivateChat
from .entities import find_automatic
from .groups import ANONYMOUS, Group
from .members import Member
from .messages import Message
from .queries import InlineAnswer, Press
from .refuse import Wire

if TYPE_CHECKING:
    from .world import World

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")


class Person:
    """Someone with a Telegram account."""

    def __init__(self, world: "World", person_id: int, user: Wire) -> None:
        self.id = person_id
        self.opened = False
        self.has_blocked = False
        self.deactivated = False
        self._world = world
        self._user = {"id": person_id, "is_bot": False, **{k: v for k, v in user.items() if v is not None}}
        self.chat = PrivateChat(world, self)

    def wire(self) -> Wire:
        """Returns the User object."""
        return dict(self._user)

    @property
    def messages(self) -> list[Message]:
        """What is in the private chat now: both sides, edits applied, deletions gone."""
        return self.chat.messages

    def next_reply(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next message the bot sent here that was not returned before."""
        return self.chat.next_reply(timeout)

    def next_edit(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next edit the bot made here."""
        return self.chat.next_edit(timeout)

    def next_deletion(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next message deleted here."""
        return self.chat.next_deletion(timeout)

    async def say(
        self,
        text: str,
        *,
        chat: Chat | None = None,
        topic: int | None = None,
        reply_to: Message | None = None,
        anonymous: bool | None = None,
        forwarded_from: str | None = None,
    ) -> Message:
        """Writes a text; the update goes to the bot if it may hear it."""
        content: Wire = {"text": text}
        if found := find_automatic(text, []):
            content["entities"] = found
        if forwarded_from is not None:
            origin = {
                "type": "hidden_user",
                "sender_user_name": forwarded_from,
                "date": self._world.clock.date(),
            }
            content["forward_origin"] = origin
        return await self._send(content, chat, topic=topic, reply_to=reply_to, anonymous=anonymous)

    async def start(self, payload: str = "") -> Message:
        """Opens the bot through a link, or presses Start."""
        if not _PAYLOAD.fullmatch(payload):
            raise ValueError(f"Telegram opens no link with the payload {payload!r}")
        return await self.say(f"/start {payload}".rstrip())

    async def reply_to(self, message: Message, text: str) -> Message:
        """Answers a message in its chat and topic."""
        chat = self._world.chats[message.chat_id]
        return await self.say(text, chat=chat, topic=message.thread_id, reply_to=chat.find(message.message_id))

    async def send_media(self, content: Wire, *, chat: Chat | None = None, caption: str = "") -> Message:
        """Sends what a function of `media` made."""
        return await self._send(content | ({"caption": caption} if caption else {}), chat)

    async def send_photo(self, *, chat: Chat | None = None, caption: str = "") -> Message:
        """Sends a photo."""
        return await self.send_media(media.photo(), chat=chat, caption=caption)

    async def send_voice(self, *, chat: Chat | None = None) -> Message:
        """Sends a voice message."""
        return await self.send_media(media.voice(), chat=chat)

    async def send_sticker(self, *, chat: Chat | None = None) -> Message:
        """Sends a sticker."""
        return await self.send_media(media.sticker(), chat=chat)

    async def edit(self, message: Message, text: str) -> Message:
        """Edits an own message."""
        chat = self._world.chats[message.chat_id]
        if message.sender_id != self.id or (current := chat.find(message.message_id)) is None:
            raise LookupError("only own messages that are still there can be edited")
        entities = find_automatic(text, []) or None
        edited = current.with_wire(text=text, entities=entities, edit_date=self._world.clock.date())
        chat.change(edited)
        self._tell(chat, edited, "edited_message")
        return edited

    async def delete(self, message: Message) -> None:
        """Deletes a message for both sides, of which bots are not told."""
        self._world.chats[message.chat_id].delete(message.message_id)

    async def press(self, message: Message, wanted: str) -> Press:
        """Presses a button by its label or callback data."""
        current = self._world.chats[message.chat_id].find(message.message_id)
        # The keyboard in the person's hand may be older than the one in the chat by a moment.
        button = (current and current.find_button(wanted)) or message.find_button(wanted)
        if button is None:
            labels = (current or message).labels
            raise LookupError(f"no button {wanted!r}; there are {labels}")
        if button.callback_data is None:
            raise ValueError(f"the button {wanted!r} sends nothing to the bot: {button.wire}")
        return await self.press_data(message, button.callback_data)

    async def press_data(self, message: Message, data: str) -> Press:
        """Sends callback data whether or not a button has it, as old keyboards and modified clients do."""
        chat = self._world.chats[message.chat_id]
        current = chat.find(message.message_id)
        gone = {"chat": chat.wire(), "message_id": message.message_id, "date": 0}
        press = self._world.queries.new_press(data, self._world.clock.now())
        query = {
            "id": press.id,
            "from": self.wire(),
            "message": current.wire if current else gone,
            "chat_instance": str(abs(chat.id) * 7919),
            "data": data,
        }
        self._world.updates.push("callback_query", query)
        return press

    async def inline(self, query: str, *, offset: str = "", timeout: float = 5) -> InlineAnswer:  # noqa: ASYNC109
        """Types an inline query and waits for the results."""
        ask = self._world.queries.new_ask(query, self._world.clock.now())
        wire = {"id": ask.id, "from": self.wire(), "query": query, "offset": offset, "chat_type": "group"}
        self._world.updates.push("inline_query", wire)
        return await ask.bell.until(lambda: ask.answer, timeout, lambda: f"the query {query!r} was not answered")

    async def choose(self, result: Wire, *, query: str = "", chat: Chat | None = None) -> Message:
        """Sends an inline result into a chat."""
        self._world.updates.push(
            "chosen_inline_result", {"result_id": result["id"], "from": self.wire(), "query": query}
        )
        text = result.get("input_message_content", {}).get("message_text", result.get("title", ""))
        return await self._send({"text": text, "via_bot": self._world.bot.wire()}, chat)

    async def block_bot(self) -> None:
        """Blocks the bot."""
        self.has_blocked = True
        self._tell_blocking("member", "kicked")

    async def unblock_bot(self) -> None:
        """Unblocks the bot."""
        self.has_blocked = False
        self._tell_blocking("kicked", "member")

    async def set_auto_delete(self, seconds: int) -> None:
        """Sets the private chat's auto-delete timer."""
        self.chat.auto_delete_seconds = seconds
        await self._send({"message_auto_delete_timer_changed": {"message_auto_delete_time": seconds}}, None)

    def _tell_blocking(self, old: str, new: str) -> None:
        bot = self._world.bot.wire()
        change = {"chat": self.chat.wire(), "from": self.wire(), "date": self._world.clock.date()}
        change["old_chat_member"] = Member(bot, "kicked" if old == "kicked" else "member").wire()
        change["new_chat_member"] = Member(bot, "kicked" if new == "kicked" else "member").wire()
        self._world.updates.push("my_chat_member", change)

    async def _send(
        self,
        content: Wire,
        chat: Chat | None,
        *,
        topic: int | None = None,
        reply_to: Message | None = None,
        anonymous: bool | None = None,
    ) -> Message:
        place = chat or self.chat
        if place is self.chat:
            self.opened = True
            if self.has_blocked:
                await self.unblock_bot()
        sender, sender_chat = self.wire(), None
        if isinstance(place, Group):
            member = place.members.get(self.id)
            if member is None or not member.present:
                raise LookupError(f"{self._user['first_name']} is not in {place.title}")
            if member.admin and (member.anonymous if anonymous is None else anonymous):
                sender, sender_chat = ANONYMOUS, place.wire()
        message = place.post(content, sender=sender, sender_chat=sender_chat, thread=topic, reply_to=reply_to)
        # An anonymous message is still this person's, for edits.
        message = replace(message, sender_id=self.id)
        place.change(message)
        self._tell(place, message, "message")
        return message

    def _tell(self, chat: Chat, message: Message, kind: str) -> None:
        if not isinstance(chat, Group) or chat.bot_hears(message):
            self._world.updates.push(kind, message.wire)
