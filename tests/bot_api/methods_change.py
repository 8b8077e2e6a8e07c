"""Methods that edit, delete and pin messages."""

from dataclasses import replace
from typing import Any

from .chats import Chat, PrivateChat
from .content import read_text
from .groups import Group
from .keyboards import check_markup
from .messages import Message
from .methods import method
from .params import Params
from .refuse import NOT_MODIFIED, ApiError, Wire, bad_request
from .world import World

DELETABLE_SECONDS = 48 * 3600
MAX_DELETED_AT_ONCE = 100


def _find_own(world: World, params: Params) -> tuple[Chat, Message]:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access(write=False)
    if not params.number("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.find(params.number("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return chat, message


def _apply(world: World, chat: Chat, old: Message, new: Message) -> Wire:
    if new.wire == old.wire:
        raise bad_request(NOT_MODIFIED)
    new = new.with_wire(edit_date=world.clock.date())
    chat.change(new)
    return new.wire


@method("editMessageText")
async def edit_message_text(world: World, params: Params) -> Any:
    """Edits the text; a keyboard that is not sent again goes away."""
    chat, old = _find_own(world, params)
    source, parse_mode = params.text("text"), params.text("parse_mode")
    content = read_text(source, parse_mode, params.nested("entities"), strict=world.strict_html)
    markup = check_markup(params.nested("reply_markup"), inline_only=True)
    if old.kind != "text":
        raise bad_request("there is no text in the message to edit")
    new = replace(old.with_wire(**content, reply_markup=markup), markup=markup, source=source)
    return _apply(world, chat, old, replace(new, parse_mode=parse_mode))


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(world: World, params: Params) -> Any:
    """Edits the inline keyboard, or takes it away."""
    chat, old = _find_own(world, params)
    markup = check_markup(params.nested("reply_markup"), inline_only=True)
    return _apply(world, chat, old, replace(old.with_wire(reply_markup=markup), markup=markup))


def _undeletable(world: World, chat: Chat, message: Message) -> ApiError | None:
    if world.clock.now() - message.date > DELETABLE_SECONDS or not chat.bot_may_delete(message):
        whom = " for everyone" if isinstance(chat, PrivateChat) else ""
        return bad_request(f"message can't be deleted{whom}")
    return None


@method("deleteMessage")
async def delete_message(world: World, params: Params) -> Any:
    """Deletes one message."""
    if not params.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    if not params.number("message_id"):
        raise bad_request("message identifier is not specified")
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access()
    message = chat.find(params.number("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if error := _undeletable(world, chat, message):
        raise error
    chat.delete(message.message_id)
    return True


@method("deleteMessages")
async def delete_messages(world: World, params: Params) -> Any:
    """Deletes up to 100 messages; missing ones are skipped, one that may not be deleted refuses all."""
    numbers = params.nested("message_ids")
    if not numbers:
        raise bad_request("message identifiers are not specified")
    if not isinstance(numbers, list):
        raise bad_request("expected an Array of message identifiers")
    if len(numbers) > MAX_DELETED_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    if not all(isinstance(number, int) or str(number).isdigit() for number in numbers):
        raise bad_request("message identifier must be a Number")
    if any(int(number) <= 0 for number in numbers):
        raise bad_request("invalid message identifier specified")
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access()
    found = [message for number in numbers if (message := chat.find(int(number)))]
    for message in found:
        if error := _undeletable(world, chat, message):
            raise error
    for message in found:
        chat.delete(message.message_id)
    return True


@method("pinChatMessage")
async def pin_chat_message(world: World, params: Params) -> Any:
    """Pins a message."""
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access()
    message = chat.find(params.number("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    if isinstance(chat, Group) and not chat.bot_member.may("can_pin_messages"):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    chat.pinned_id = message.message_id
    return True
