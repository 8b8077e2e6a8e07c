"""Methods that put messages into chats."""

from typing import Any

from .chats import Chat
from .content import read_caption, read_text
from .keyboards import check_markup
from .media import uploaded
from .messages import MEDIA, Message
from .methods import method
from .params import Params
from .refuse import Wire, bad_request
from .world import World

_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def _find_answered(world: World, chat: Chat, params: Params) -> Message | None:
    wanted = params.nested("reply_parameters") or {}
    message_id = int(wanted.get("message_id") or params.number("reply_to_message_id"))
    if not message_id:
        return None
    place = world.find_chat(str(wanted["chat_id"])) if wanted.get("chat_id") else chat
    found = place.find(message_id)
    if found is None and not (wanted.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply")):
        raise bad_request("message to be replied not found")
    quote = wanted.get("quote")
    if found is not None and quote and quote not in found.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    return found if place is chat else None


def _post(world: World, params: Params, content: Wire, **details: Any) -> Wire:
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access()
    thread = params.number("message_thread_id")
    chat.check_thread(thread)
    message = chat.post_from_bot(
        content,
        thread=thread or None,
        reply_to=_find_answered(world, chat, params),
        markup=check_markup(params.nested("reply_markup")),
        protect=params.flag("protect_content"),
        silent=params.flag("disable_notification"),
        parse_mode=params.text("parse_mode"),
        **details,
    )
    return message.wire


@method("sendMessage")
async def send_message(world: World, params: Params) -> Any:
    """Sends a text."""
    source = params.text("text")
    content = read_text(source, params.text("parse_mode"), params.nested("entities"), strict=world.strict_html)
    options = params.nested("link_preview_options") or None
    return _post(world, params, content | {"link_preview_options": options}, source=source)


async def _send_file(world: World, params: Params, kind: str) -> Any:
    source = params.text("caption")
    content = read_caption(
        source, params.text("parse_mode"), params.nested("caption_entities"), strict=world.strict_html
    )
    upload = params.upload(kind)
    if upload is None:
        # An id that the server itself gave out, or an address, which it does not fetch.
        if not params.text(kind):
            raise bad_request(f"there is no {kind} in the request")
        if not params.text(kind).startswith((f"{kind}-file-", "http://", "https://")):
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        return _post(world, params, content | _known(kind, params.text(kind)), source=source)
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo" and not upload.data.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF")):
        raise bad_request("IMAGE_PROCESS_FAILED")
    return _post(world, params, content | uploaded(kind, upload), source=source, file=upload)


def _known(kind: str, file_id: str) -> Wire:
    shape: Wire = {"file_id": file_id, "file_unique_id": file_id[-12:], "file_size": 1_000}
    return {"photo": [{**shape, "width": 1280, "height": 853}]} if kind == "photo" else {kind: shape}


@method("sendPhoto")
async def send_photo(world: World, params: Params) -> Any:
    """Sends a photo."""
    return await _send_file(world, params, "photo")


@method("sendDocument")
async def send_document(world: World, params: Params) -> Any:
    """Sends a document."""
    return await _send_file(world, params, "document")


@method("sendChatAction")
async def send_chat_action(world: World, params: Params) -> Any:
    """Notes "typing" and the like in the chat."""
    chat = world.find_chat(params.text("chat_id"))
    chat.check_access()
    if params.text("action") not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.check_thread(params.number("message_thread_id"))
    chat.actions.append(params.text("action"))
    return True


def _content(message: Message) -> Wire:
    fields = ("text", "entities", "caption", "caption_entities", *MEDIA)
    return {name: message.wire[name] for name in fields if name in message.wire}


def _find_source(world: World, params: Params, what: str) -> Message:
    chat = world.find_chat(params.text("from_chat_id"))
    chat.check_access(write=False)
    message = chat.find(params.number("message_id"))
    if message is None:
        raise bad_request(f"message to {what} not found")
    if message.protect_content or message.kind == "service":
        raise bad_request(f"the message can't be {'copied' if what == 'copy' else 'forwarded'}")
    return message


@method("copyMessage")
async def copy_message(world: World, params: Params) -> Any:
    """Sends the content of a message as a new one."""
    original = _find_source(world, params, "copy")
    content = _content(original)
    if "caption" in params.values and original.kind != "text":
        content |= read_caption(
            params.text("caption"),
            params.text("parse_mode"),
            params.nested("caption_entities"),
            strict=world.strict_html,
        )
    return {"message_id": _post(world, params, content, source=original.source or original.text)["message_id"]}


@method("forwardMessage")
async def forward_message(world: World, params: Params) -> Any:
    """Forwards a message."""
    original = _find_source(world, params, "forward")
    content = _content(original)
    origin = {"type": "user", "sender_user": original.wire.get("from"), "date": original.date}
    return _post(world, params, content | {"forward_origin": origin}, source=original.source or original.text)
