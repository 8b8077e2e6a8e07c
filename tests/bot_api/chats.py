"""A chat: its messages, and what a test may wait for in it."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .messages import Message
from .params import Upload
from .refuse import Wire, bad_request, forbidden
from .signals import Bell

if TYPE_CHECKING:
    from .people import Person
    from .world import World

GIFTS_NONE = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


class Chat:
    """What private chats and groups share."""

    def __init__(self, world: "World", chat_id: int) -> None:
        self.world = world
        self.id = chat_id
        self.pinned_id: int | None = None
        self.auto_delete_seconds = 0
        self.actions: list[str] = []
        self._store: dict[int, Message] = {}
        self._events: dict[str, list[Message]] = {"sent": [], "edited": [], "deleted": []}
        self._read = dict.fromkeys(self._events, 0)
        self._bell = Bell()

    @property
    def messages(self) -> list[Message]:
        """What is in the chat now: both sides, edits applied, deletions gone."""
        return [self._store[number] for number in sorted(self._store)]

    @property
    def from_bot(self) -> list[Message]:
        """What is in the chat now from the bot."""
        return [message for message in self.messages if message.from_bot]

    def wire(self) -> Wire:
        """Returns the Chat object."""
        raise NotImplementedError

    def full_wire(self) -> Wire:
        """Returns the ChatFullInfo object."""
        full = {
            **self.wire(),
            "accent_color_id": 1,
            "max_reaction_count": 11,
            "accepted_gift_types": GIFTS_NONE,
            "message_auto_delete_time": self.auto_delete_seconds or None,
            "pinned_message": pin.wire if self.pinned_id and (pin := self.find(self.pinned_id)) else None,
        }
        return {name: value for name, value in full.items() if value is not None}

    def check_access(self, *, write: bool = True) -> None:
        """Refuses what the bot may not do here."""
        raise NotImplementedError

    def check_thread(self, thread: int) -> None:
        """Refuses a topic that is not here."""
        if thread:
            raise bad_request("message thread not found")

    def bot_may_delete(self, message: Message) -> bool:
        """Whether the bot may delete a message, its age aside."""
        raise NotImplementedError

    def next_message_id(self) -> int:
        """Returns a fresh message id; private chats and basic groups share the bot's numbers."""
        return self.world.next_message_id()

    def find(self, message_id: int) -> Message | None:
        """Returns a message as it is now."""
        return self._store.get(message_id)

    def post(
        self,
        content: Wire,
        *,
        sender: Wire | None,
        sender_chat: Wire | None = None,
        thread: int | None = None,
        reply_to: Message | None = None,
        from_bot: bool = False,
    ) -> Message:
        """Puts a message into the chat."""
        message_id, date = self.next_message_id(), self.world.clock.date()
        wire = {
            "message_id": message_id,
            "from": sender,
            "sender_chat": sender_chat,
            "chat": self.wire(),
            "date": date,
            "message_thread_id": thread or None,
            "is_topic_message": True if thread else None,
            "reply_to_message": reply_to.as_reply() if reply_to else None,
            **content,
        }
        wire = {name: value for name, value in wire.items() if value is not None}
        message = Message(self.id, message_id, date, from_bot, (sender or {}).get("id", 0), wire)
        self._store[message_id] = message
        return message

    def post_from_bot(
        self,
        content: Wire,
        *,
        thread: int | None = None,
        reply_to: Message | None = None,
        source: str = "",
        parse_mode: str = "",
        markup: Wire | None = None,
        protect: bool = False,
        silent: bool = False,
        file: Upload | None = None,
    ) -> Message:
        """Puts a message of the bot into the chat and wakes who waits for it."""
        inline = markup if markup and "inline_keyboard" in markup else None
        shown = {**content, "reply_markup": inline, "has_protected_content": True if protect else None}
        sender = self.world.bot.wire()
        message = self.post(shown, sender=sender, thread=thread, reply_to=reply_to, from_bot=True)
        message = replace(
            message,
            source=source,
            parse_mode=parse_mode,
            markup=markup,
            protect_content=protect,
            disable_notification=silent,
            file=file,
        )
        self._store[message.message_id] = message
        self._happened("sent", message)
        return message

    def change(self, message: Message) -> None:
        """Puts an edited message in the place of the old one."""
        self._store[message.message_id] = message
        if message.from_bot:
            self._happened("edited", message)

    def delete(self, message_id: int) -> None:
        """Takes a message out of the chat for everyone."""
        message = self._store.pop(message_id, None)
        if self.pinned_id == message_id:
            self.pinned_id = None
        if message is not None:
            self._happened("deleted", message)

    def next_reply(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next message of the bot here that this method has not returned before."""
        return self._next("sent", timeout)

    def next_edit(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next edit that the bot made here."""
        return self._next("edited", timeout)

    def next_deletion(self, timeout: float = 5) -> Coroutine[Any, Any, Message]:
        """Returns the next message that was deleted here."""
        return self._next("deleted", timeout)

    def skip_replies(self) -> None:
        """Forgets replies, edits and deletions that nobody has waited for."""
        self._read = {what: len(events) for what, events in self._events.items()}

    def _happened(self, what: str, message: Message) -> None:
        self._events[what].append(message)
        self._bell.ring()

    async def _next(self, what: str, seconds: float) -> Message:
        def look() -> Message | None:
            events = self._events[what]
            return events[self._read[what]] if len(events) > self._read[what] else None

        found = await self._bell.until(
            look, seconds, lambda: f"nothing {what} by the bot in {seconds} s; {self.world.describe()}"
        )
        self._read[what] += 1
        return found


class PrivateChat(Chat):
    """The bot and one person."""

    def __init__(self, world: "World", person: "Person") -> None:
        super().__init__(world, person.id)
        self.person = person

    def wire(self) -> Wire:
        user = self.person.wire()
        return {"id": self.id, "type": "private"} | {
            name: user[name] for name in ("first_name", "last_name", "username") if name in user
        }

    def check_access(self, *, write: bool = True) -> None:
        if not self.person.opened:
            if self.world.shares_group(self.id):
                raise forbidden("bot can't initiate conversation with a user")
            raise bad_request("chat not found")
        if write and self.person.deactivated:
            raise forbidden("user is deactivated")
        if write and self.person.has_blocked:
            raise forbidden("bot was blocked by the user")

    def bot_may_delete(self, message: Message) -> bool:
        return True
