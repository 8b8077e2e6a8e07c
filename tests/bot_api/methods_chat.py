"""Methods that ask about chats and leave them."""

from typing import Any

from .chats import Chat
from .groups import Group
from .members import Member
from .methods import method
from .params import Params
from .refuse import bad_request
from .world import World


def _find_readable(world: World, params: Params) -> Chat:
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access(write=False)
    return chat


@method("getChat")
async def get_chat(world: World, params: Params) -> Any:
    """Describes a chat in full."""
    return _find_readable(world, params).full_wire()


@method("getChatMember")
async def get_chat_member(world: World, params: Params) -> Any:
    """Describes one user's standing."""
    chat = _find_readable(world, params)
    user_id = params.number("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    user = world.bot.wire() if user_id == world.bot.id else None
    if user is None and user_id in world.people:
        user = world.people[user_id].wire()
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if isinstance(chat, Group):
        if chat.hides_members and user_id != world.bot.id and not chat.bot_member.admin:
            raise bad_request("CHAT_ADMIN_REQUIRED")
        return chat.members.get(user_id, Member(user, "left")).wire()
    if user_id not in (chat.id, world.bot.id):
        raise bad_request("member not found")
    return Member(user).wire()


@method("getChatAdministrators")
async def get_chat_administrators(world: World, params: Params) -> Any:
    """Lists the administrators, without other bots."""
    chat = _find_readable(world, params)
    if not isinstance(chat, Group):
        raise bad_request("there are no administrators in the private chat")
    return [member.wire() for member in chat.members.values() if member.admin]


@method("getChatMemberCount")
async def get_chat_member_count(world: World, params: Params) -> Any:
    """Counts the members."""
    chat = _find_readable(world, params)
    return sum(member.present for member in chat.members.values()) if isinstance(chat, Group) else 2


@method("leaveChat")
async def leave_chat(world: World, params: Params) -> Any:
    """Takes the bot out of a group."""
    chat = _find_readable(world, params)
    if not isinstance(chat, Group):
        raise bad_request("chat member status can't be changed in private chats")
    chat.set_bot_status("left", world.bot.wire())
    return True
