"""Cards of the question box: bland at first sight, sound as markup, and nothing typed by people is markup."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.content.boxcards import LONGEST, LONGEST_TYPED, message_link
from bot.content.identity import load_identifier
from bot.content.lexicon import load_lexicon
from bot.content.paths import content_root
from bot.content.pseudonyms import load_pseudonyms, read_pseudonyms
from bot.content.render import Renderer
from bot.content.reply import Reply
from bot.core.identify import plain_draft
from bot.core.pseudonym import make_pseudonym
from bot.errors import ContentError
from bot.quality.markup import markup_problems
from bot.quality.tone import load_tone, neutral_problems
from bot.quality.wording import load_wording, plain_text, wording_problems
from bot.storage.boxrows import ID_BYTES, code_of
from bot.tg.payload import MAX_BYTES, Signer

ROOT = content_root()
IDENTIFIER = load_identifier(ROOT, load_lexicon(ROOT)[0])
CODE = code_of(bytes(range(ID_BYTES)))
NAME = "Quiet Lamp"
TEXT = "My husband Imran met Sana in Leeds on 12 March, ask @sana_92"
EVIL = '<b>x</b> & "q" \' </blockquote><a href="https://example.org">y</a> {{ 7*7 }} {name} %s &lt;'
LINK = "https://t.me/unspoken_test_bot?start=q-abc"
LANGS = ("en", "hi-Latn")


def _draft(renderer: Renderer, text: str, note: str = "") -> Reply:
    marks = IDENTIFIER.find(text)
    return renderer.box_draft(
        CODE, text, marks, IDENTIFIER.soften(text), IDENTIFIER.without_contacts(text), note
    )  # fmt: skip


def _cards(renderer: Renderer, text: str) -> Iterator[Reply]:
    """Yield every card that shows a typed text."""
    yield _draft(renderer, text)
    yield _draft(renderer, text, "box_full")
    yield renderer.box_moderate(CODE, NAME, text, 3)
    yield renderer.box_moderate(CODE, NAME, text, 1, renderer.box_moderated("passed", NAME))
    yield renderer.box_answer(CODE, NAME, text, LINK)
    yield renderer.box_posted(NAME, text)


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_of_a_text_stands_on_a_lock_screen(renderer: Renderer, lang: str) -> None:
    """Also under the shortest name: what people typed begins after the characters that are shown there."""
    tone = load_tone(ROOT)[0]
    renderer = renderer.speaking(lang)
    text = "ex ex ex"
    cards = (
        _draft(renderer, text),
        renderer.box_moderate(CODE, "Tin Cup", text, 3),
        renderer.box_answer(CODE, "Tin Cup", text, None),
        renderer.box_posted("Tin Cup", text),
    )
    for reply in cards:
        assert plain_text(reply.html).index("ex ex") >= tone.neutral


def _all_cards(renderer: Renderer) -> Iterator[Reply]:
    yield from _cards(renderer, TEXT)
    yield from _cards(renderer, "Is it small?")
    yield renderer.box_invite(CODE)
    yield renderer.box_write(CODE)
    yield renderer.box_handed(NAME, LINK)
    for key in ("full", "long", "gone", "later", "closed", "dropped", "unseen"):
        yield renderer.box_note(key)
    for key in ("refused", "expired", "failed"):
        yield renderer.box_ended(key)
    for state in ("waiting", "coming", "posted", "followed", "ended"):
        yield renderer.box_state(CODE, NAME, state, LINK if state in {"posted", "followed"} else None)
    for key in ("passed", "turned_down", "blocked", "settled", "later"):
        yield renderer.box_none(renderer.box_moderated(key, NAME))
    yield renderer.box_none()


@pytest.mark.parametrize("lang", LANGS)
def test_every_card_is_sound_bland_and_kind(renderer: Renderer, lang: str) -> None:
    """As `unspoken check` asks of all others: markup, first characters, wording, labels, buttons of 64 bytes."""
    tone, wording = load_tone(ROOT)[0], load_wording(ROOT)[0]
    signer = Signer((b"k" * 32,), {tag: own.letter for tag, own in renderer.catalogue.library.languages.items()})
    for reply in _all_cards(renderer.speaking(lang)):
        assert list(markup_problems(reply.html)) == []
        assert list(neutral_problems(tone, reply.html)) == [], reply.html
        assert list(wording_problems(wording, reply.html, care=False)) == []
        assert len(plain_text(reply.html)) <= 4096
        for button in (b for row in reply.rows for b in row):
            assert 0 < len(button.label) <= 64
            if button.target is not None:
                data = signer.pack(button.target, 60_000_000)
                assert len(data.encode()) <= MAX_BYTES
                assert signer.unpack(data) == button.target


@pytest.mark.parametrize("text", [EVIL, EVIL[::-1], "<script>alert(1)</script>", "a\n\n<pre>b", "&amp;&#60;b&#62;"])
def test_what_people_type_is_shown_as_typed(renderer: Renderer, text: str) -> None:
    """HTML, entities, template and format braces are letters like any other, on every card that shows a text."""
    for reply in _cards(renderer, text):
        assert list(markup_problems(reply.html)) == []
        assert "<script" not in reply.html
        assert "<a " not in reply.html
    assert unescape(renderer.box_posted(NAME, text).html).count(text) == 1


@given(st.text(max_size=LONGEST_TYPED))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_a_card(renderer: Renderer, text: str) -> None:
    """Any text at all: Telegram would accept the card, and it fits into one message."""
    plain = plain_draft(text) or "a"
    if len(IDENTIFIER.soften(plain)) > LONGEST:
        return
    for reply in _cards(renderer, plain):
        assert list(markup_problems(reply.html)) == []
        assert len(plain_text(reply.html)) <= 4096


def test_a_draft_shows_marks_a_softer_wording_and_three_ways_on(renderer: Renderer) -> None:
    """Marked passages in bold; keep and soften differ; without marks there is one way to hand it in."""
    reply = _draft(renderer, TEXT)
    for passage in ("husband Imran", "Sana", "Leeds", "on 12 March", "@sana_92"):
        assert f"<b>{passage}</b>" in reply.html
    assert "My husband met someone in a town recently, ask an account" in reply.html
    assert "account names never go out" in reply.html
    nodes = [b.target.node for row in reply.rows for b in row if b.target is not None]
    assert nodes[:3] == [f"box:{action}:{CODE}" for action in ("soft", "keep", "drop")]
    plain = _draft(renderer, "Is it small?")
    assert [b.target.node for row in plain.rows for b in row if b.target is not None][:2] == [
        f"box:keep:{CODE}",
        f"box:drop:{CODE}",
    ]
    only_contacts = _draft(renderer, "ask @sana_92")
    assert f"box:keep:{CODE}" not in [b.target.node for row in only_contacts.rows for b in row if b.target is not None]


def test_what_is_posted_holds_the_name_and_the_words_alone(renderer: Renderer) -> None:
    """No button, no link, no code: nothing on the card leads anywhere."""
    reply = renderer.box_posted(NAME, TEXT)
    assert reply.rows == ()
    assert CODE not in reply.html
    assert "http" not in reply.html
    assert NAME in reply.html


def test_proof_lines_tell_rows_and_no_content(renderer: Renderer) -> None:
    """A blocked asker's rows read like any others."""
    assert renderer.box_proof({"waiting": 0, "coming": 0, "posted": 0, "ended": 0}, draft=False) == (
        "No questions for a group.",
    )
    lines = renderer.box_proof({"waiting": 2, "coming": 1, "posted": 1, "ended": 3}, draft=True)
    assert [line[-8:] for line in lines[:1]] == ["tled: 3."]
    assert "4 rows" in lines[1]
    assert "draft" in lines[2]
    assert lines[2].startswith("In memory")
    shared = renderer.box_proof({}, draft=True, shared=True)
    assert len(shared) == 1
    assert shared[0].startswith("Encrypted")


def test_only_supergroups_have_addresses_for_messages() -> None:
    """As Telegram makes them."""
    assert message_link(-1_001_234_567_890, 77) == "https://t.me/c/1234567890/77"
    assert message_link(-4_242_424_242, 77) is None


def test_pseudonyms_are_two_neutral_words(tmp_path: Path) -> None:
    """Many of them, drawn by the randomness passed in; broken lists are named."""
    first, second = load_pseudonyms(ROOT)
    assert len(first) * len(second) > 3000
    assert make_pseudonym(first, second, lambda n: 0) == NAME
    assert all(len(a) + len(b) < 36 for a in first for b in second)
    folder = tmp_path / "responses" / "system"
    folder.mkdir(parents=True)
    (folder / "pseudonyms.yaml").write_text("first: [a, a, 'b c']\nsecond: []\n")
    assert len(read_pseudonyms(tmp_path)[1]) == 3
    with pytest.raises(ContentError, match="different words"):
        load_pseudonyms(tmp_path)
