"""Telegram's HTML, read as strictly as Telegram reads it, and the entities that Telegram finds by itself."""

import re
from dataclasses import dataclass, field

from .refuse import ApiError, Wire, bad_request

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z]+))(;?)")
_ATTRIBUTE = re.compile(r"""([^\s=>]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.\-]+))(?=[\s>]))?\s*""")
_AUTOMATIC = re.compile(
    r"(?P<bot_command>(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?!\w)"
    r"|(?P<url>\bhttps?://[^\s<>]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[a-z]{2,})"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{4,32}\b)"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)


def width(text: str) -> int:
    """Returns the length in UTF-16 code units, which Telegram counts in."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Rich:
    """Text with its entities."""

    text: str
    entities: list[Wire] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    begin: int


def _unparsable(detail: str) -> ApiError:
    return bad_request(f"can't parse entities: {detail}")


def decode_references(text: str, *, strict: bool, at: int = 0) -> str:
    """Replaces character references; an unknown named one is refused when strict, else left as it is."""

    def replace(found: re.Match[str]) -> str:
        hexadecimal, decimal, name, end = found.groups()
        if name is None:
            code = int(hexadecimal, 16) if hexadecimal else int(decimal)
            return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else found[0]
        if name in _NAMED:
            return _NAMED[name]
        if strict and end:
            offset = at + len(text[: found.start()].encode())
            raise _unparsable(f'Unsupported entity "{found[0]}" at byte offset {offset}')
        return found[0]

    return _REFERENCE.sub(replace, text)


def parse_html(source: str, *, strict: bool = True) -> Rich:
    """Reads text with parse_mode HTML; refuses what Telegram cannot parse."""
    parts: list[str] = []
    entities: list[Wire] = []
    stack: list[_Open] = []
    offset = position = 0

    def byte(index: int) -> int:
        return len(source[:index].encode())

    while position < len(source):
        begin = source.find("<", position)
        chunk = source[position : begin if begin >= 0 else len(source)]
        plain = decode_references(chunk, strict=strict, at=byte(position))
        parts.append(plain)
        offset += width(plain)
        if begin < 0:
            break
        end = source.find(">", begin)
        if source.startswith("</", begin):
            if not stack:
                raise _unparsable(f"Unexpected end tag at byte offset {byte(begin)}")
            if end < 0:
                raise _unparsable(f"Unclosed end tag at byte offset {byte(begin)}")
            name = source[begin + 2 : end].strip().lower()
            opened = stack.pop()
            if name and name != opened.tag:
                raise _unparsable(
                    f'Unmatched end tag at byte offset {byte(begin)}, expected "</{opened.tag}>", found "</{name}>"'
                )
            if offset > opened.offset:
                _close(opened, offset, "".join(parts[opened.begin :]), entities)
            position = end + 1
        else:
            opened, position = _open(source, begin, byte(begin), offset, len(parts))
            stack.append(opened)
    if stack:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Rich("".join(parts), entities)


def _open(source: str, begin: int, at: int, offset: int, part: int) -> tuple[_Open, int]:
    named = re.compile(r"[^\s>]*").match(source, begin + 1)
    tag = named[0].lower() if named else ""
    position = begin + 1 + len(tag)
    if position >= len(source):
        raise _unparsable(f"Unclosed start tag at byte offset {at}")
    if tag not in _TYPES:
        raise _unparsable(f'Unsupported start tag "{tag}" at byte offset {at}')
    attributes: dict[str, str] = {}
    while source[position : position + 1].isspace():
        position += 1
    while source[position : position + 1] != ">":
        found = _ATTRIBUTE.match(source, position)
        if found is None or not found[0]:
            raise _unparsable(f"Unclosed start tag at byte offset {at}")
        value = next((group for group in found.groups()[1:] if group is not None), "")
        attributes[found[1].lower()] = decode_references(value, strict=False)
        position = found.end()
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    if tag == "tg-emoji" and not attributes.get("emoji-id", "").isdigit():
        raise _unparsable("Invalid custom emoji identifier specified")
    if tag == "tg-time" and not attributes.get("unix", "").isdigit():
        raise _unparsable("Invalid date specified")
    return _Open(tag, attributes, offset, part), position + 1


def _close(opened: _Open, end: int, inner: str, entities: list[Wire]) -> None:
    spot = {"offset": opened.offset, "length": end - opened.offset}
    entity: Wire = {"type": _TYPES[opened.tag], **spot}
    match opened.tag:
        case "a":
            link = opened.attributes.get("href") or inner
            if not re.match(r"(https?|tg|tonsite)://\S+|mailto:|tel:", link):
                if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", link):
                    return
                link = f"http://{link}"
            entity["url"] = link
        case "blockquote" if "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        case "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes["emoji-id"]
        case "tg-time":
            entity["unix_time"] = int(opened.attributes["unix"])
            if opened.attributes.get("format"):
                entity["date_time_format"] = opened.attributes["format"]
        case "pre" if entities and "language" in entities[-1] and entities[-1].items() >= spot.items():
            entity["language"] = entities.pop()["language"]
        case "code" if opened.attributes.get("class", "").startswith("language-"):
            entity["language"] = opened.attributes["class"].removeprefix("language-")
    entities.append(entity)


def find_automatic(text: str, taken: list[Wire]) -> list[Wire]:
    """Returns the commands, links and mentions that Telegram marks by itself."""
    found: list[Wire] = []
    for hit in _AUTOMATIC.finditer(text):
        entity: Wire = {"type": hit.lastgroup, "offset": width(text[: hit.start()]), "length": width(hit[0])}
        inside = {"text_link", "code", "pre"}
        if not any(
            other["type"] in inside
            and other["offset"] < entity["offset"] + entity["length"]
            and entity["offset"] < other["offset"] + other["length"]
            for other in taken
        ):
            found.append(entity)
    return found


def trim(rich: Rich) -> Rich:
    """Cuts white space off both ends and keeps the entities where they belong."""
    text = rich.text.strip()
    lead = width(rich.text) - width(rich.text.lstrip())
    length = width(text)
    entities: list[Wire] = []
    for entity in rich.entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] - lead + entity["length"], length)
        if end > start:
            entities.append({**entity, "offset": start, "length": end - start})
    return Rich(text, entities)
