"""Methods about the bot itself, and its answers to queries."""

from typing import Any

from .content import read_text
from .keyboards import check_markup
from .methods import Handler, method
from .params import Params
from .profile import check_language, read_commands, read_scope
from .queries import Answer, InlineAnswer
from .refuse import Wire, bad_request
from .world import World

MAX_RESULTS = 50


@method("getMe")
async def get_me(world: World, params: Params) -> Any:
    """Describes the bot."""
    return world.bot.wire() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy_mode,
        "supports_inline_queries": world.inline_mode,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def _scope(params: Params) -> tuple[str, str]:
    return read_scope(params.nested("scope")), check_language(params.text("language_code"))


@method("setMyCommands")
async def set_my_commands(world: World, params: Params) -> Any:
    """Keeps the commands of a scope and language."""
    world.profile.commands[_scope(params)] = read_commands(params.nested("commands") or [])
    return True


@method("getMyCommands")
async def get_my_commands(world: World, params: Params) -> Any:
    """Returns the commands of exactly one scope and language."""
    return world.profile.commands.get(_scope(params), [])


@method("deleteMyCommands")
async def delete_my_commands(world: World, params: Params) -> Any:
    """Forgets the commands of a scope and language."""
    world.profile.commands.pop(_scope(params), None)
    return True


def _register_text(suffix: str, field: str) -> None:
    async def set_text(world: World, params: Params) -> Any:
        world.profile.set_text(field, params.text(field), params.text("language_code"))
        return True

    async def get_text(world: World, params: Params) -> Any:
        return {field: world.profile.get_text(field, params.text("language_code"))}

    setter: Handler = set_text
    getter: Handler = get_text
    method(f"setMy{suffix}")(setter)
    method(f"getMy{suffix}")(getter)


_register_text("Name", "name")
_register_text("Description", "description")
_register_text("ShortDescription", "short_description")


@method("setChatMenuButton")
async def set_chat_menu_button(world: World, params: Params) -> Any:
    """Keeps the menu button of one chat or of all."""
    button = params.nested("menu_button") or {"type": "default"}
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    chat_id = world.find_chat(params.text("chat_id")).id if params.text("chat_id") else None
    world.profile.menu_buttons[chat_id] = button
    return True


@method("getChatMenuButton")
async def get_chat_menu_button(world: World, params: Params) -> Any:
    """Returns the menu button of one chat or of all."""
    general = world.profile.menu_buttons.get(None, {"type": "default"})
    return world.profile.menu_buttons.get(params.number("chat_id"), general)


@method("answerCallbackQuery")
async def answer_callback_query(world: World, params: Params) -> Any:
    """Answers a pressed button."""
    answer = Answer(params.text("text"), params.flag("show_alert"), params.text("url"), params.number("cache_time"))
    world.queries.answer_press(params.text("callback_query_id"), answer, world.clock.now())
    return True


def _check_result(world: World, result: Any) -> Wire:
    if not isinstance(result, dict):
        raise bad_request("can't parse inline query result: expected an Object")
    if not 1 <= len(str(result.get("id", "")).encode()) <= 64:
        raise bad_request("RESULT_ID_INVALID")
    check_markup(result.get("reply_markup"), inline_only=True)
    if result.get("type") == "article":
        if not result.get("title"):
            raise bad_request("RESULT_TITLE_EMPTY")
        content = result.get("input_message_content")
        if not isinstance(content, dict):
            raise bad_request("can't parse inline query result: input_message_content is not specified")
        if "message_text" in content:
            read_text(
                str(content["message_text"]),
                str(content.get("parse_mode") or ""),
                content.get("entities"),
                strict=world.strict_html,
            )
    return result


@method("answerInlineQuery")
async def answer_inline_query(world: World, params: Params) -> Any:
    """Answers an inline query with up to 50 results."""
    results = params.nested("results") or []
    if not isinstance(results, list):
        raise bad_request("expected an Array of InlineQueryResult")
    if len(results) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    checked = tuple(_check_result(world, result) for result in results)
    if len({result["id"] for result in checked}) < len(checked):
        raise bad_request("RESULT_ID_DUPLICATE")
    answer = InlineAnswer(
        results=checked,
        cache_time=params.number("cache_time", 300),
        is_personal=params.flag("is_personal"),
        next_offset=params.text("next_offset"),
        button=params.nested("button"),
    )
    world.queries.answer_ask(params.text("inline_query_id"), answer, world.clock.now())
    return True
