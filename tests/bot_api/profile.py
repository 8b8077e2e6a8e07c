"""What the bot set about itself: commands, name, descriptions, menu button."""

import re
from typing import TYPE_CHECKING, Any

from .refuse import Wire, bad_request

if TYPE_CHECKING:
    from .chats import Chat

MAX_COMMANDS = 100
MAX_COMMAND = 32
MAX_COMMAND_DESCRIPTION = 256
_COMMAND = re.compile(r"[a-z0-9_]+")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
_PLAIN_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
# By field: the most characters that Telegram takes.
LIMITS = {"name": 64, "description": 512, "short_description": 120}


class Profile:
    """Everything kept by scope and language."""

    def __init__(self, first_name: str) -> None:
        self.commands: dict[tuple[str, str], list[Wire]] = {}
        self.texts: dict[str, dict[str, str]] = {field: {} for field in LIMITS}
        self.menu_buttons: dict[int | None, Wire] = {}
        self._first_name = first_name

    def set_text(self, field: str, text: str, language: str) -> None:
        """Keeps a name or description; an empty one removes it."""
        check_language(language)
        if len(text) > LIMITS[field]:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        if text:
            self.texts[field][language] = text
        else:
            self.texts[field].pop(language, None)

    def get_text(self, field: str, language: str) -> str:
        """Returns a name or description as a user of a language sees it."""
        check_language(language)
        kept = self.texts[field]
        return kept.get(language) or kept.get("") or (self._first_name if field == "name" else "")

    def commands_for(self, user_id: int, language: str, chat: "Chat", *, admin: bool = False) -> list[str]:
        """Returns the commands that a person is shown in a chat, in Telegram's order of precedence."""
        private = chat.wire()["type"] == "private"
        scopes = [f"chat:{chat.id}", "all_private_chats"]
        if not private:
            scopes = [f"chat_member:{chat.id}:{user_id}"]
            scopes += [f"chat_administrators:{chat.id}"] if admin else []
            scopes += [f"chat:{chat.id}"]
            scopes += ["all_chat_administrators"] if admin else []
            scopes += ["all_group_chats"]
        for scope in [*scopes, "default"]:
            for spoken in (language[:2], ""):
                if found := self.commands.get((scope, spoken)):
                    return [command["command"] for command in found]
        return []


def check_language(code: str) -> str:
    """Returns a language code; refuses what is not two letters."""
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def read_scope(scope: Any) -> str:
    """Returns a scope as a key, such as `default` or `chat_member:-100:5`."""
    if scope is None:
        return "default"
    prefix = "can't parse BotCommandScope:"
    if not isinstance(scope, dict):
        raise bad_request(f"{prefix} BotCommandScope must be an Object")
    kind = scope.get("type")
    if kind in _PLAIN_SCOPES:
        return str(kind)
    if kind not in _CHAT_SCOPES:
        raise bad_request(f"{prefix} unsupported type specified")
    if not scope.get("chat_id"):
        raise bad_request(f"{prefix} empty chat_id specified")
    if kind != "chat_member":
        return f"{kind}:{scope['chat_id']}"
    if int(scope.get("user_id", 0)) <= 0:
        raise bad_request(f"{prefix} invalid user_id specified")
    return f"{kind}:{scope['chat_id']}:{scope['user_id']}"


def read_commands(commands: Any) -> list[Wire]:
    """Returns commands as they are kept; refuses what Telegram refuses."""
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept: list[Wire] = []
    for item in commands:
        if not isinstance(item, dict) or "command" not in item or "description" not in item:
            raise bad_request("can't parse BotCommand: expected an Object")
        command = str(item["command"]).strip().removeprefix("/")
        description = str(item["description"]).strip()
        if not command:
            raise bad_request("command must be non-empty")
        if len(command) > MAX_COMMAND:
            raise bad_request(f"command length must not exceed {MAX_COMMAND}")
        if not _COMMAND.fullmatch(command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not description:
            raise bad_request("command description must be non-empty")
        if len(description) > MAX_COMMAND_DESCRIPTION:
            raise bad_request(f"command description length must not exceed {MAX_COMMAND_DESCRIPTION}")
        kept.append({"command": command, "description": description})
    return kept
