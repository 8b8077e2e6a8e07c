"""Everything behind the API: the bot, people, chats, and what waits to be delivered."""

from collections.abc import Iterable
from dataclasses import dataclass

from .calls import CallLog
from .chats import Chat
from .clock import Clock
from .faults import Faults
from .groups import Group
from .members import Member
from .people import Person
from .profile import Profile
from .queries import Queries
from .refuse import Wire, bad_request
from .updates import UpdateQueue
from .webhook import Courier


@dataclass(frozen=True, slots=True)
class BotAccount:
    """The bot's own account."""

    id: int
    username: str
    first_name: str

    def wire(self) -> Wire:
        """Returns the User object."""
        return {"id": self.id, "is_bot": True, "first_name": self.first_name, "username": self.username}


class World:
    """One bot and all it can meet."""

    def __init__(
        self, bot: BotAccount, *, clock: Clock, privacy_mode: bool, inline_mode: bool, strict_html: bool
    ) -> None:
        self.bot = bot
        self.clock = clock
        self.privacy_mode = privacy_mode
        self.inline_mode = inline_mode
        self.strict_html = strict_html
        self.logged_out = False
        self.updates = UpdateQueue()
        self.courier = Courier(self.updates, clock)
        self.calls = CallLog()
        self.faults = Faults()
        self.profile = Profile(bot.first_name)
        self.queries = Queries()
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self._last_message = 1_000
        self._last_person = 5_000_000_000
        self._last_group = 4_000_000_000

    def next_message_id(self) -> int:
        """Returns the next number in the bot's own count."""
        self._last_message += 1
        return self._last_message

    def new_person(self, user: Wire) -> Person:
        """Makes an account; its private chat opens when it first writes."""
        self._last_person += 1
        person = Person(self, self._last_person, user)
        self.people[person.id] = person
        self.chats[person.id] = person.chat
        return person

    def open_group(self, title: str, *, supergroup: bool, forum: bool) -> Group:
        """Makes an empty group."""
        self._last_group += 1
        chat_id = -(1_000_000_000_000 + self._last_group) if supergroup else -self._last_group
        group = Group(self, chat_id, title, supergroup=supergroup, forum=forum)
        self.chats[chat_id] = group
        return group

    def fill_group(
        self,
        group: Group,
        *,
        owner: Person | None,
        members: Iterable[Person],
        admins: Iterable[Person],
        anonymous_admins: Iterable[Person],
    ) -> None:
        """Puts people into a group without telling the bot."""
        for person in members:
            group.members[person.id] = Member(person.wire())
        for person in admins:
            group.members[person.id] = Member(person.wire(), "administrator")
        for person in anonymous_admins:
            group.members[person.id] = Member(person.wire(), "administrator", anonymous=True)
        if owner is not None:
            group.members[owner.id] = Member(owner.wire(), "creator")

    def find_chat(self, reference: str) -> Chat:
        """Returns the chat with an id or @username; refuses unknown ones."""
        if not reference:
            raise bad_request("chat_id is empty")
        try:
            chat = self.chats.get(int(reference))
        except ValueError:
            groups = (chat for chat in self.chats.values() if isinstance(chat, Group) and chat.username)
            chat = next((g for g in groups if f"@{g.username}".lower() == reference.lower()), None)
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def shares_group(self, user_id: int) -> bool:
        """Whether the bot can know someone from a group."""
        groups = (chat for chat in self.chats.values() if isinstance(chat, Group))
        return any(user_id in group.members for group in groups)

    def describe(self) -> str:
        """Says in one line where things stand, for the text of a failed wait."""
        last = ", ".join(map(str, self.calls.calls[-5:])) or "none"
        return f"{len(self.updates.pending)} updates unconfirmed, {self.updates.polls} polls, last calls: {last}"
