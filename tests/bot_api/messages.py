"""A message as it stands in a chat, for tests to look at and for the wire."""

from dataclasses import dataclass, field, replace

from .keyboards import Button, read_buttons
from .params import Upload
from .refuse import Wire

MEDIA = ("photo", "voice", "sticker", "document", "video_note", "location", "contact")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; an edit makes a new one with the same message_id."""

    chat_id: int
    message_id: int
    date: int
    from_bot: bool
    sender_id: int
    wire: Wire = field(repr=False)
    # What follows is known of the bot's own messages only.
    source: str = ""
    parse_mode: str = ""
    markup: Wire | None = None
    protect_content: bool = False
    disable_notification: bool = False
    file: Upload | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The text or caption, without markup."""
        return str(self.wire.get("text", self.wire.get("caption", "")))

    @property
    def html(self) -> str:
        """The text exactly as the bot sent it, tags and all."""
        return self.source

    @property
    def entities(self) -> list[Wire]:
        """The parsed entities of the text or caption."""
        found: list[Wire] = self.wire.get("entities") or self.wire.get("caption_entities") or []
        return found

    @property
    def kind(self) -> str:
        """`text`, the kind of media, or `service`."""
        if "text" in self.wire:
            return "text"
        return next((name for name in MEDIA if name in self.wire), "service")

    @property
    def reply_markup(self) -> Wire | None:
        """The keyboard that came with the message, of any sort."""
        return self.markup

    @property
    def rows(self) -> tuple[tuple[Button, ...], ...]:
        """The inline keyboard, row by row."""
        return read_buttons(self.markup)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The inline buttons in reading order."""
        return tuple(button for row in self.rows for button in row)

    @property
    def labels(self) -> list[str]:
        """What the inline buttons say."""
        return [button.text for button in self.buttons]

    @property
    def thread_id(self) -> int | None:
        """The forum topic, if the message is in one."""
        return self.wire.get("message_thread_id")

    @property
    def reply_to_id(self) -> int | None:
        """The id of the message that this one answers."""
        answered: Wire = self.wire.get("reply_to_message", {})
        return answered.get("message_id")

    @property
    def edit_date(self) -> int | None:
        """When the message was last edited."""
        return self.wire.get("edit_date")

    def find_button(self, wanted: str) -> Button | None:
        """Returns the inline button with a label or callback data, labels first."""
        by_label = (button for button in self.buttons if button.text == wanted)
        by_data = (button for button in self.buttons if button.callback_data == wanted)
        return next(by_label, None) or next(by_data, None)

    def spoken(self, part: Wire) -> str:
        """Returns the stretch of the text that an entity covers."""
        units = self.text.encode("utf-16-le")
        return units[2 * part["offset"] : 2 * (part["offset"] + part["length"])].decode("utf-16-le")

    def with_wire(self, **changes: object) -> "Message":
        """Returns a copy with fields of the wire set, or taken away when None."""
        wire = {name: value for name, value in {**self.wire, **changes}.items() if value is not None}
        return replace(self, wire=wire)

    def as_reply(self) -> Wire:
        """Returns the wire form for inside another message, which nests no further."""
        return {name: value for name, value in self.wire.items() if name != "reply_to_message"}
