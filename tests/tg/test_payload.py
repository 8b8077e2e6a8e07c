"""Button payloads: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.catalogue import Catalogue
from bot.content.reply import Target
from bot.core.safety import CATEGORIES
from bot.core.values import Direction
from bot.errors import PayloadError
from bot.tg.payload import MAX_BYTES, Signer

KEY, OLD_KEY, OTHER_KEY = b"k" * 32, b"o" * 32, b"x" * 32
LETTERS = {"en": "e", "hi-Latn": "h"}
SIGNER = Signer((KEY,), LETTERS)
MINUTE = 29_500_000
CARE = Target("care:domestic_abuse", Direction.PARTNER, "PK", emergency=True)

targets = st.builds(
    Target,
    node=st.text(string.ascii_lowercase + string.digits + "_:.", min_size=1, max_size=40),
    direction=st.sampled_from(Direction),
    country=st.none() | st.text(string.ascii_uppercase, min_size=2, max_size=2),
    emergency=st.booleans(),
    under_18=st.booleans(),
    asked_danger=st.booleans(),
    lang=st.sampled_from(["en", "hi-Latn"]),
)


@given(targets, st.integers(min_value=0, max_value=60_000_000))
def test_every_field_comes_back(target: Target, minute: int) -> None:
    """A packed target is unpacked as it was, at any time until 2084."""
    assert SIGNER.unpack(SIGNER.pack(target, minute)) == target


def test_the_longest_node_fits_with_every_flag(catalogue: Catalogue) -> None:
    """No card that exists needs more than Telegram's 64 bytes."""
    taxonomy = catalogue.taxonomy
    pages = [path.removeprefix("pages/") for path in catalogue.library.cards if path.startswith("pages/")]
    nodes = [
        *taxonomy.intents,
        *(f"group:{group}" for group, _ in taxonomy.groups),
        *(f"page:{page}" for page in pages),
        *(f"{kind}:{category}" for kind in ("care", "lines", "where:care", "where:lines") for category in CATEGORIES),
        "alt:" + ".".join(catalogue.code(intent) for intent in taxonomy.intents[:3]),
    ]
    for node in nodes:
        target = Target(node, Direction.PARTNER, "GB", emergency=True, under_18=True, asked_danger=True)
        assert len(SIGNER.pack(target, 60_000_000).encode()) <= MAX_BYTES
        assert SIGNER.unpack(SIGNER.pack(target, MINUTE)) == target


def test_a_node_that_does_not_fit_is_refused_at_packing() -> None:
    """A payload over 64 bytes is our mistake and is seen where it is made."""
    with pytest.raises(PayloadError, match="bytes"):
        SIGNER.pack(Target("x" * 60), MINUTE)


@given(st.data(), targets)
def test_one_changed_character_does_not_verify(data: st.DataObject, target: Target) -> None:
    """Whatever is changed, moved in or cut off, the payload is refused."""
    packed = SIGNER.pack(target, MINUTE)
    at = data.draw(st.integers(0, len(packed) - 1))
    other = data.draw(st.characters().filter(lambda c: c != packed[at]))
    for forged in (packed[:at] + other + packed[at + 1 :], packed[:at] + packed[at + 1 :], packed + other):
        with pytest.raises(PayloadError):
            SIGNER.unpack(forged)


@given(st.text(max_size=80))
def test_junk_never_verifies_and_always_leads_somewhere(junk: str) -> None:
    """Any text at all is refused with our error, and the guess is a card that exists for everybody."""
    with pytest.raises(PayloadError):
        SIGNER.unpack(junk)
    assert Signer.safe_guess(junk) in {Target("topics"), Target("lines:any")}


def test_an_earlier_key_still_verifies_after_rotation() -> None:
    """Old buttons work on; new ones are made with the new key alone; a stranger's key never does."""
    old = Signer((OLD_KEY,)).pack(CARE, MINUTE)
    rotated = Signer((KEY, OLD_KEY))
    assert rotated.unpack(old) == CARE
    assert SIGNER.unpack(rotated.pack(CARE, MINUTE)) == CARE
    for signer in (SIGNER, Signer((OTHER_KEY,))):
        with pytest.raises(PayloadError):
            signer.unpack(old)


def test_age_does_not_invalidate() -> None:
    """A button of 2020 is as good as one of today."""
    assert SIGNER.unpack(SIGNER.pack(CARE, 26_300_000)) == CARE


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("kind", ["care", "lines", "where:care"])
def test_a_forged_care_button_leads_to_help_lines(kind: str, category: str) -> None:
    """Who pressed for help gets help, however broken the button is."""
    forged = Signer((OTHER_KEY,)).pack(replace(CARE, node=f"{kind}:{category}"), MINUTE)
    assert Signer.safe_guess(forged) == Target("lines:any")


@pytest.mark.parametrize("junk", ["", "go", "💥" * 16, "~~~", "1n--0hk5c~texting_ex~AAAAAAAAAAA", "\n", "topics"])
def test_other_junk_leads_to_the_topics(junk: str) -> None:
    """Nothing of a forged payload is believed."""
    assert Signer.safe_guess(junk) == Target("topics")


@pytest.mark.parametrize(("node", "safe"), [("care:child_safety", "lines:any"), ("texting_ex", "topics")])
def test_another_version_leads_somewhere_safe(node: str, safe: str) -> None:
    """A button of a version to come does not verify, and its card is guessed."""
    later = "3" + SIGNER.pack(Target(node), MINUTE)[1:]
    with pytest.raises(PayloadError, match="shape"):
        SIGNER.unpack(later)
    assert Signer.safe_guess(later) == Target(safe)


def test_a_button_of_the_first_version_still_works() -> None:
    """It had no language and no way back; age never invalidates a button."""
    head = "1pPK1hxyz~care:domestic_abuse"
    assert SIGNER.unpack(f"{head}~{SIGNER._mac(KEY, head)}") == CARE


def test_a_long_node_does_without_its_way_back() -> None:
    """Rather than not fitting."""
    target = Target("line:" + "x" * 33, Direction.PARTNER, "GB", back="abcd")
    assert SIGNER.unpack(SIGNER.pack(target, MINUTE)) == replace(target, back=None)
