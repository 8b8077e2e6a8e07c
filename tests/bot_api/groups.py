"""Groups, supergroups and forums, and what happens to them."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .chats import Chat
from .members import PERMISSIONS, Member, Status
from .messages import Message
from .refuse import Wire, bad_request, forbidden

if TYPE_CHECKING:
    from .people import Person
    from .world import World

# The account in whose name Telegram shows anonymous administrators.
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


class Group(Chat):
    """A group of any size."""

    def __init__(self, world: "World", chat_id: int, title: str, *, supergroup: bool, forum: bool) -> None:
        super().__init__(world, chat_id)
        self.title = title
        self.username = ""
        self.supergroup = supergroup
        self.forum = forum
        self.members: dict[int, Member] = {}
        self.topics: dict[int, str] = {}
        self.closed_topics: set[int] = set()
        self.migrated_to: Group | None = None
        self.bot_may_write = True
        self.hides_members = False
        self._last_id = 0

    def wire(self) -> Wire:
        wire: Wire = {
            "id": self.id,
            "type": "supergroup" if self.supergroup else "group",
            "title": self.title,
        }
        if self.username:
            wire["username"] = self.username
        return wire | ({"is_forum": True} if self.forum else {})

    def full_wire(self) -> Wire:
        return super().full_wire() | {"permissions": dict.fromkeys(PERMISSIONS, True)}

    def next_message_id(self) -> int:
        if not self.supergroup:
            return super().next_message_id()
        self._last_id += 1
        return self._last_id

    @property
    def bot_member(self) -> Member:
        """The bot's standing here."""
        return self.members.get(self.world.bot.id, Member(self.world.bot.wire(), "left"))

    def check_access(self, *, write: bool = True) -> None:
        kind = "supergroup" if self.supergroup else "group"
        if self.migrated_to is not None and write:
            upgraded = "group chat was upgraded to a supergroup chat"
            raise bad_request(upgraded, migrate_to_chat_id=self.migrated_to.id)
        if self.bot_member.status == "kicked":
            raise forbidden(f"bot was kicked from the {kind} chat")
        if not self.bot_member.present:
            raise forbidden(f"bot is not a member of the {kind} chat")
        if write and not self.bot_may_write and not self.bot_member.admin:
            raise bad_request("not enough rights to send text messages to the chat")

    def check_thread(self, thread: int) -> None:
        if not thread:
            return
        if thread not in self.topics:
            raise bad_request("message thread not found")
        if thread in self.closed_topics and not self.bot_member.may("can_manage_topics"):
            raise bad_request("TOPIC_CLOSED")

    def bot_may_delete(self, message: Message) -> bool:
        service = message.kind == "service"
        return (message.from_bot and not service) or self.bot_member.may("can_delete_messages")

    def bot_hears(self, message: Message) -> bool:
        """Whether an update goes to the bot; with privacy mode on it hears what is meant for it."""
        if not self.bot_member.present:
            return False
        if self.bot_member.admin or not self.world.privacy_mode or message.kind == "service":
            return True
        answered = message.wire.get("reply_to_message", {}).get("from", {}).get("id")
        if answered == self.world.bot.id:
            return True
        for entity in message.entities:
            said = message.spoken(entity)
            if entity["type"] == "bot_command" and ("@" not in said or self._names_bot(said)):
                return True
            if entity["type"] == "mention" and self._names_bot(said):
                return True
        return False

    def _names_bot(self, said: str) -> bool:
        return bool(re.search(rf"@{self.world.bot.username}$", said, re.IGNORECASE))

    def tell_service(self, content: Wire, by: "Person", *, thread: int | None = None) -> Message:
        """Puts a service message into the group and queues it for the bot."""
        message = self.post(content, sender=by.wire(), thread=thread)
        if self.bot_hears(message):
            self.world.updates.push("message", message.wire)
        return message

    async def add(self, *people: "Person", by: "Person | None" = None) -> None:
        """Lets people join, or be added by someone."""
        for person in people:
            self._set_member(person.wire(), "member", by or person)
            self.tell_service({"new_chat_members": [person.wire()]}, by or person)

    async def remove(self, person: "Person", *, by: "Person | None" = None) -> None:
        """Lets a person leave, or be thrown out by someone."""
        self._set_member(person.wire(), "left" if by is None else "kicked", by or person)
        self.tell_service({"left_chat_member": person.wire()}, by or person)

    async def promote(self, person: "Person", *, anonymous: bool = False) -> None:
        """Makes a member an administrator."""
        self.members[person.id] = Member(person.wire(), "administrator", anonymous)

    async def demote(self, person: "Person") -> None:
        """Makes an administrator a member again."""
        self.members[person.id] = Member(person.wire())

    async def add_bot(self, by: "Person", *, admin: bool = False, startgroup: str = "") -> None:
        """Lets someone add the bot, by a link with a word for it where there is one."""
        self._set_member(self.world.bot.wire(), "administrator" if admin else "member", by)
        self.tell_service({"new_chat_members": [self.world.bot.wire()]}, by)
        if startgroup:
            await by.say(f"/start@{self.world.bot.username} {startgroup}", chat=self)

    async def promote_bot(self, by: "Person", *, rights: Iterable[str] | None = None) -> None:
        """Lets someone make the bot an administrator, with all rights or some."""
        member = Member(self.world.bot.wire(), "administrator")
        if rights is not None:
            member = replace(member, rights=frozenset(rights))
        self._change(member.user, member, by.wire())

    async def kick_bot(self, by: "Person") -> None:
        """Lets someone throw the bot out."""
        self._set_member(self.world.bot.wire(), "kicked", by)

    async def new_topic(self, name: str, by: "Person") -> int:
        """Opens a topic and returns its message_thread_id."""
        if not self.forum:
            raise ValueError("only a forum has topics")
        thread = self._last_id + 1
        self.topics[thread] = name
        self.tell_service({"forum_topic_created": {"name": name, "icon_color": 7322096}}, by, thread=thread)
        return thread

    async def close_topic(self, thread: int, by: "Person") -> None:
        """Closes a topic."""
        self.closed_topics.add(thread)
        self.tell_service({"forum_topic_closed": {}}, by, thread=thread)

    async def migrate(self) -> "Group":
        """Turns a basic group into a supergroup, which is a new chat with a new id."""
        if self.supergroup or self.migrated_to is not None:
            raise ValueError("only a basic group migrates, and only once")
        new = self.world.open_group(self.title, supergroup=True, forum=False)
        new.members = dict(self.members)
        self.migrated_to = new
        people = (member.user for member in self.members.values() if not member.user["is_bot"])
        owner = next(people, ANONYMOUS)
        old_side = self.post({"migrate_to_chat_id": new.id}, sender=owner)
        new_side = new.post({"migrate_from_chat_id": self.id}, sender=ANONYMOUS, sender_chat=new.wire())
        if self.bot_member.present:
            self.world.updates.push("message", old_side.wire)
            self.world.updates.push("message", new_side.wire)
        return new

    def set_bot_status(self, status: Status, by: Wire) -> None:
        """Changes the bot's standing and tells it so."""
        self._change(self.world.bot.wire(), Member(self.world.bot.wire(), status), by)

    def _set_member(self, user: Wire, status: Status, by: "Person") -> None:
        self._change(user, Member(user, status), by.wire())

    def _change(self, user: Wire, new: Member, by: Wire) -> None:
        old = self.members.get(user["id"], Member(user, "left"))
        self.members[user["id"]] = new
        kind = "my_chat_member" if user["id"] == self.world.bot.id else "chat_member"
        if kind == "my_chat_member" or self.bot_member.admin:
            change = {"chat": self.wire(), "from": by, "date": self.world.clock.date()}
            change |= {"old_chat_member": old.wire(), "new_chat_member": new.wire()}
            self.world.updates.push(kind, change)
