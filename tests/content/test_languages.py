"""A reader, a member or an admin in a language of ours reads that language alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import yaml

from bot.content.catalogue import Catalogue
from bot.content.groupsettings import GroupSettings, LocalService
from bot.content.paths import content_root
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.values import Direction
from bot.quality.markup import markup_problems
from bot.quality.tone import load_tone, neutral_problems
from bot.quality.wording import load_wording, wording_problems
from bot.tg.payload import MAX_BYTES, Signer
from tests.content.test_boxcards import _all_cards as box_cards
from tests.language import english_left

MAY_STAY_ENGLISH: frozenset[str] = frozenset()
"""keys of system texts that a further language may leave out: what no reader sees. None so far."""
FURTHER = ("hi-Latn",)
CODE = "abcdefghij"
LINK = "https://t.me/unspoken_test_bot?start=gabc"
LOCAL = LocalService("A centre <&>", "0161 496 0000", dt.date(2026, 3, 1))
TO_ADMINS = (
    "settings_odd", "settings_lost", "blocks_lifted", "topic_gone", "not_admin", "local_shape", "local_contact",
    "local_date", "local_kept",
)  # fmt: skip


def missing(base: Mapping[str, Any], own: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the keys of `base`, at any depth, that `own` has no text for."""
    for key, value in base.items():
        if key not in own:
            yield path + key
        elif isinstance(value, Mapping):
            yield from missing(value, own[key], f"{path}{key}.")


def own_texts(tag: str) -> Mapping[str, Any]:
    """Return the texts of a language as they stand in its file, without the English ones below."""
    texts: Mapping[str, Any] = yaml.safe_load((content_root() / "responses" / tag / "system.yaml").read_text())
    return texts


@pytest.mark.parametrize("tag", FURTHER)
def test_every_system_text_has_its_twin(catalogue: Catalogue, tag: str) -> None:
    """But for those on the list, which holds no key that is gone or translated."""
    english = catalogue.library.texts
    left = set(missing(english, own_texts(tag)))
    assert left == MAY_STAY_ENGLISH
    assert len(own_texts(tag)["first_lines"]) == len(english["first_lines"])


def paragraphs(texts: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield every text's key, at any depth, and how many paragraphs it has."""
    if isinstance(texts, Mapping):
        for key, value in texts.items():
            yield from paragraphs(value, f"{path}.{key}")
    elif isinstance(texts, str):
        yield path, texts.count("\n\n") + 1


@pytest.mark.parametrize("tag", FURTHER)
def test_twins_have_the_same_paragraphs(catalogue: Catalogue, tag: str) -> None:
    """An empty line is part of a text; in YAML's quotes one that is typed is folded away."""
    own = dict(paragraphs(own_texts(tag)))
    english = dict(paragraphs(catalogue.library.texts))
    assert {key: english[key] for key in own} == own
    assert english[".from_group"] == 2


def group_cards(renderer: Renderer) -> Iterator[Reply]:
    """Yield every card that is seen in a group, on the way from it, or in its settings."""
    settings = GroupSettings(renderer.lang, box=True, topic=7, local=LOCAL, off=frozenset({"ask"}))
    yield renderer.group_line(LINK)
    yield renderer.group_arrived(LINK, "unspoken_test_bot")
    yield renderer.group_promoted()
    yield renderer.group_welcome(LINK)
    for intent in renderer.written("understanding"):
        yield renderer.group_weekly(intent, LINK)
        yield renderer.group_answer(intent, LINK)
    yield renderer.settings_link(LINK)
    yield renderer.from_group(settings, Target("", lang=renderer.lang), CODE)
    for each in (settings, GroupSettings(renderer.lang, minutes=0), replace(settings, local=None, topic=None)):
        yield renderer.settings_panel(CODE, each, 9)
        for note in TO_ADMINS:
            yield renderer.settings_panel(CODE, each, None, note)
    yield renderer.settings_country(CODE)
    yield renderer.settings_ask_local()
    for note in TO_ADMINS:
        yield renderer.settings_note(note)
    yield renderer.insight(202647, (("what_is_micro_cheating", 20),), Fraction(2))
    yield renderer.insight(202647, (), Fraction(2))
    proof = {"waiting": 1, "coming": 1, "posted": 1, "ended": 1}
    yield renderer.proof(
        messages=3,
        in_hours=2,
        choices=1,
        counted=2,
        remembered=True,
        hours=12,
        more=renderer.box_proof(proof, draft=True),
    )
    yield renderer.proof(messages=3, in_hours=2, choices=1, counted=2, remembered=True, hours=12, shared=True,
                         more=renderer.box_proof(proof, draft=True, shared=True))  # fmt: skip
    yield renderer.proof(messages=0, in_hours=1, choices=0, counted=0, remembered=False, hours=0,
                         more=renderer.box_proof({}, draft=False))  # fmt: skip


@pytest.mark.parametrize("tag", FURTHER)
def test_no_english_is_left_on_a_card_of_a_group_or_of_its_box(renderer: Renderer, tag: str) -> None:
    """In the text and on the buttons; and whoever goes on by a button stays in the language."""
    own = renderer.speaking(tag)
    for reply in (*group_cards(own), *box_cards(own)):
        assert list(english_left(own.catalogue, tag, reply.html)) == []
        for button in (b for row in reply.rows for b in row):
            assert list(english_left(own.catalogue, tag, button.label)) == []
            assert button.target is None or button.target.lang == tag, button


def test_english_is_seen_where_it_is_left(renderer: Renderer) -> None:
    """Otherwise the tests that look for it prove nothing."""
    catalogue = renderer.catalogue
    assert list(english_left(catalogue, "hi-Latn", renderer.group_line(LINK).html))
    assert list(english_left(catalogue, "hi-Latn", renderer.box_handed("Quiet Lamp", LINK).html))
    assert list(english_left(catalogue, "hi-Latn", renderer.box_moderate(CODE, "Quiet Lamp", "x", 3).html))
    assert list(english_left(catalogue, "hi-Latn", "Refuse and block"))


@pytest.mark.parametrize("tag", ["en", *FURTHER])
def test_every_card_of_a_group_is_sound_and_bland(renderer: Renderer, tag: str) -> None:
    """Markup, first characters, wording, labels, buttons of 64 bytes."""
    tone, wording = load_tone(content_root())[0], load_wording(content_root())[0]
    languages = renderer.catalogue.library.languages
    signer = Signer((b"k" * 32,), {name: language.letter for name, language in languages.items()})
    own = renderer.speaking(tag)
    # What an admin's press changes where it stands lights up no screen; what is answered openly was asked openly.
    bland = {own.settings_country(CODE).html, *(own.shared(intent) for intent in own.written("understanding"))}
    for reply in group_cards(own):
        assert list(markup_problems(reply.html)) == []
        assert reply.html in bland or list(neutral_problems(tone, reply.html)) == []
        assert list(wording_problems(wording, reply.html, care=False)) == []
        for button in (b for row in reply.rows for b in row):
            assert 0 < len(button.label) <= 64
            if button.target is not None:
                data = signer.pack(button.target, 60_000_000)
                assert len(data.encode()) <= MAX_BYTES
                assert signer.unpack(data) == button.target


@pytest.mark.parametrize("tag", FURTHER)
def test_the_weekly_card_is_written_in_the_language(renderer: Renderer, tag: str) -> None:
    """Only topics whose card is; and there is more than one."""
    own = renderer.speaking(tag)
    assert len(own.written("understanding")) > 1
    assert set(own.written("understanding")) < set(renderer.written("understanding"))
    for intent in own.written("understanding"):
        assert own.shared(intent) != renderer.shared(intent)
    assert own.written("situations") == renderer.written("situations"), "none is written: all are offered, in English"


@pytest.mark.parametrize(
    ("code", "tag"),
    [("hi", "hi-Latn"), ("ur", "hi-Latn"), ("ur-PK", "hi-Latn"), ("en", "en"), ("pa", "en"), ("", "en"), (None, "en")],
)
def test_the_language_of_an_app(catalogue: Catalogue, code: str | None, tag: str) -> None:
    """Hindi and Urdu lead to the Roman texts, all others to English."""
    assert catalogue.library.language_of_app(code) == tag


def test_direction_of_a_shared_card_is_none(renderer: Renderer) -> None:
    """What a group sees takes nobody's side."""
    for tag in FURTHER:
        own = renderer.speaking(tag)
        assert own.shared("what_is_micro_cheating") in own.group_answer("what_is_micro_cheating", LINK).html
        card = replace(own.catalogue.library.cards["understanding/what_is_micro_cheating"], talk=False)
        assert own.catalogue.library.languages[tag].texts["afraid_line"] not in own.shared("what_is_micro_cheating")
        assert own.shared("what_is_micro_cheating").endswith(own._render(card, Direction.NONE, short=True))
