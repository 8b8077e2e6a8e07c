"""`unspoken screens`: what members and admins of a group see, as pictures for docs/admins.md.

The texts and buttons are those that the program sends. Each picture holds a hash of its own, by which a test tells that
the pictures in the docs are those of the present texts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path

from bot.content.catalogue import Catalogue
from bot.content.groupsettings import GroupSettings
from bot.content.identity import load_identifier
from bot.content.lexicon import load_lexicon
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.quality.chatpicture import Bubble, Scene, draw_scene

BOT = "Evening Notes"
USERNAME = "evening_notes_bot"
GROUP = "Evening circle"
_DAY = dt.datetime(2026, 1, 7, 10, 30, tzinfo=dt.UTC)
_LINK = f"https://t.me/{USERNAME}?start=g"
_CODE = "aaaaaaaaaaaaaaaa"
_NAME = "Quiet Lamp"
_DRAFT = "My husband Imran still writes to a friend from Leeds. Would you mind? Tell me at @sana_92"


def make_scenes(catalogue: Catalogue, root: Path) -> Mapping[str, Scene]:
    """Return the scenes by the name of their file; `root` holds the word lists for drafts."""
    renderer = Renderer(catalogue, lambda: _DAY)
    identifier = load_identifier(root, load_lexicon(root)[0])
    softer = identifier.soften(_DRAFT)
    draft = renderer.box_draft(
        _CODE, _DRAFT, identifier.find(_DRAFT), softer, identifier.without_contacts(_DRAFT)
    )  # fmt: skip
    topic = "what_is_micro_cheating"
    general = catalogue.label(topic).rstrip("?").lower()
    settings = GroupSettings(public=True, box=True)
    return {
        "group": Scene(
            GROUP,
            (
                _ours(renderer.group_arrived(_LINK, USERNAME)),
                Bubble(f"/ask@{USERNAME}", mine=True),
                _ours(renderer.group_line(_LINK)),
            ),
        ),
        "private": Scene(BOT, (_ours(renderer.from_group(settings, Target(""), _CODE), named=False),)),
        "public": Scene(
            GROUP, (Bubble(f"/ask@{USERNAME} {general}", mine=True), _ours(renderer.group_answer(topic, _LINK)))
        ),
        "settings": Scene(BOT, (_ours(renderer.settings_panel(_CODE, settings, None), named=False),)),
        "draft": Scene(BOT, (Bubble(_DRAFT, mine=True), _ours(draft, named=False))),
        "moderate": Scene(BOT, (_ours(renderer.box_moderate(_CODE, _NAME, softer, 2), named=False),)),
        "posted": Scene(
            GROUP,
            (
                _ours(renderer.box_posted(_NAME, softer)),
                Bubble("I would not, but I would say that I wonder about it.", who="A member"),
            ),
        ),
    }


def draw_screens(catalogue: Catalogue, root: Path, folder: Path) -> list[Path]:
    """Write every scene to `folder` as PNG; return the paths. Raises UnspokenError without matplotlib."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, scene in make_scenes(catalogue, root).items():
        path = folder / f"{name}.png"
        path.write_bytes(draw_scene(scene, mark_of(scene)))
        paths.append(path)
    return paths


def mark_of(scene: Scene) -> str:
    """Return the hash of all that is read in a scene."""
    return hashlib.sha256(repr(scene).encode()).hexdigest()[:16]


def _ours(reply: Reply, *, named: bool = True) -> Bubble:
    rows = tuple(tuple(button.label for button in row) for row in reply.rows)
    return Bubble(reply.html, BOT if named else "", rows)
