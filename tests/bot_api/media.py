"""Wire shapes of what is not text."""

from itertools import count

from .params import Upload
from .refuse import Wire

_numbers = count(1)


def _file(kind: str, size: int) -> Wire:
    number = next(_numbers)
    return {
        "file_id": f"{kind}-file-{number:08d}",
        "file_unique_id": f"{kind}{number:08d}",
        "file_size": size,
    }


def photo(size: int = 1_000) -> Wire:
    """Returns a photo in two sizes."""
    return {
        "photo": [
            {**_file("photo", size // 4), "width": 90, "height": 60},
            {**_file("photo", size), "width": 1280, "height": 853},
        ]
    }


def voice(seconds: int = 3) -> Wire:
    """Returns a voice message."""
    return {"voice": {**_file("voice", 2_000 * seconds), "duration": seconds, "mime_type": "audio/ogg"}}


def video_note(seconds: int = 3) -> Wire:
    """Returns a round video message."""
    return {"video_note": {**_file("note", 90_000 * seconds), "duration": seconds, "length": 240}}


def sticker(emoji: str = "🙂") -> Wire:
    """Returns a sticker."""
    shape = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
    return {"sticker": {**_file("sticker", 20_000), **shape, "emoji": emoji, "set_name": "plain_by_test"}}


def document(name: str = "file.txt", mime_type: str = "text/plain", size: int = 100) -> Wire:
    """Returns a document."""
    return {"document": {**_file("document", size), "file_name": name, "mime_type": mime_type}}


def location(latitude: float = 51.5, longitude: float = -0.12) -> Wire:
    """Returns a place."""
    return {"location": {"latitude": latitude, "longitude": longitude}}


def contact(phone_number: str = "+441632960000", first_name: str = "Someone") -> Wire:
    """Returns a contact with a number from the range kept for fiction."""
    return {"contact": {"phone_number": phone_number, "first_name": first_name}}


def uploaded(kind: str, upload: Upload) -> Wire:
    """Returns what the bot sent as a file."""
    if kind == "photo":
        return photo(len(upload.data))
    return document(upload.name, upload.content_type, len(upload.data))
