"""Drafts for the question box: what is marked, what is proposed, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.content.identity import load_clues, load_identifier
from bot.content.lexicon import load_lexicon
from bot.content.paths import content_root
from bot.core.clues import CONTACTS, Clues, Kind
from bot.core.identify import Identifier, plain_draft, replace_marks
from bot.core.lexicon import Lexicon

ROOT = content_root()
LEXICON = load_lexicon(ROOT)[0]
IDENTIFIER = load_identifier(ROOT, LEXICON)
CLUES = IDENTIFIER.clues


def _marked(text: str) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.kind.value) for m in IDENTIFIER.find(text)]


@pytest.mark.parametrize(
    ("text", "soft"),
    [
        ("Imran keeps texting me", "Someone keeps texting me"),
        ("i told imran that sana lied, and imran cried", "i told someone that someone else lied, and someone cried"),
        ("my friend Sana knows", "my friend knows"),
        ("I saw my husband imran's phone", "I saw my husband's phone"),
        ("sana aunty told Mr Khan", "aunty told someone"),
        ("I found messages from Farzeen", "I found messages from someone"),
        ("my friend farzeen thinks that it is fine", "my friend thinks that it is fine"),
        ("there is a woman called zarqa at the gym", "there is a woman called someone at the gym"),
        ("My name is Priya Sharma.", "My name is someone."),
        ("we met on 12 March", "we met recently"),
        ("it began in 2019", "it began some time ago"),
        ("since March 2023 he is cold", "for some time he is cold"),
        ("Last Friday night he left", "Recently he left"),
        ("it was 03/04/2021", "it was some time ago"),
        ("im 34", "im in my thirties"),
        ("I'm 34, he is 41", "I'm in my thirties, he is in his forties"),
        ("my wife, 29, works", "my wife, in her twenties, works"),
        ("(34f) here", "(in my thirties) here"),
        ("my 16 year old daughter", "my teenage daughter"),
        ("i am nineteen and alone", "i am in my teens and alone"),
        ("she works at Barclays", "she works for a company"),
        ("we met at tesco", "we met at work"),
        ("I work for Hussains Fabrics", "I work for a company"),
        ("he is a senior taxi driver", "he is in a job"),
        ("she works as a nurse", "she works in a job"),
        ("Farah, a nurse at Royal London, saw me", "Someone, in a job at work, saw me"),
        ("i am married to a heart surgeon", "i am married to someone"),
        ("he is close with a teacher from his school", "he is close with someone from his school"),
        ("his secretary texts him", "someone texts him"),
        ("a senior care worker knows", "someone knows"),
        ("my sister in law Farah knows", "my sister in law knows"),
        ("the imam's brother", "a community member's brother"),
        ("at the Green Lane Masjid", "at our place of worship"),
        ("in guru nanak gurdwara", "in our place of worship"),
        ("I go to Leeds uni", "I go to university"),
        ("at the University of Birmingham", "at university"),
        ("we live in bradford", "we live in a town"),
        ("I come from Small Heath", "I come from a town"),
        ("they live in Reading", "they live in a town"),
        ("12 Park Road, B12 8DY", "a road, an area"),
        ("write to sana.k@example.org", "write to an address"),
        ("ring 07700 900123 or +92 300 1234567", "ring a number or a number"),
        ("see https://example.org/x, or @sana_92", "see a link, or an account"),
        ("her insta is sana.k", "her insta is an account"),
        ("zero seven seven double zero nine one two three", "a number"),
    ],
)
def test_what_gives_somebody_away_is_softened(text: str, soft: str) -> None:
    """Each kind of passage, and what is left of it."""
    assert IDENTIFIER.soften(text) == soft


@pytest.mark.parametrize(
    "text",
    [
        "Is texting my ex micro-cheating? He hides his phone.",
        "my mum will be angry, he may leave, i hope there is grace",
        "I Love Him So Much But He Texts Others All Day",
        "mujhe dar lagta hai, usne diya aur phir zara sa pyar",
        "we argued 5 times and im 34 weeks pregnant, 2 faced people",
        "he was reading my messages in the bath",
        "I am Muslim and he is Hindu, on WhatsApp and Instagram",
        "we pray at the mosque and the kids go to primary school",
        "my husband doesn't know, my wife isn't told",
        "आशा है कि सब ठीक होगा, अब क्या करें",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    """Names that are also words, numbers that are no ages, faiths, apps."""
    assert _marked(text) == []


def test_names_in_a_script_of_south_asia_are_found() -> None:
    """Where the Roman spelling is on the list."""
    assert _marked("मेरी दोस्त सना ने बताया") == [("सना", "name")]


def test_keeping_the_own_words_still_takes_contacts_out() -> None:
    """Names stay where the writer wants them; handles, numbers, addresses and links never go out."""
    text = "Imran from Leeds is @imran_k, 07700 900123, a@example.org, t.me/imran"
    kept = IDENTIFIER.without_contacts(text)
    assert kept == "Imran from Leeds is an account, a number, an address, a link"


@given(st.text(max_size=300))
def test_marks_lie_in_order_and_leave_the_rest_as_it_was(text: str) -> None:
    """On any text at all: no overlap, none empty, and softening changes nothing between them."""
    text = plain_draft(text)
    marks = IDENTIFIER.find(text)
    at, rest = 0, []
    for mark in marks:
        assert at <= mark.start < mark.end <= len(text)
        rest.append(text[at : mark.start])
        at = mark.end
    assert (
        replace_marks(text, marks)
        == "".join(part for i, mark in enumerate(marks) for part in (rest[i], mark.softer)) + (text[at:])
    )


_FRAMES = ("{} keeps texting me", "i told {} about it", "my friend {} knows", "is it bad that {}'s wife came")


@given(st.sampled_from(sorted(CLUES.names)), st.sampled_from(_FRAMES), st.booleans())
def test_no_listed_name_survives_softening(name: str, frame: str, capital: bool) -> None:
    """In lower case too."""
    soft = IDENTIFIER.soften(frame.format(name.capitalize() if capital else name))
    assert name not in soft.lower().split()
    assert f"{name}'s" not in soft.lower().split()


@given(st.sampled_from(sorted(CLUES.places)), st.sampled_from(("we live in {} now", "from {}", "{} is small")))
def test_no_listed_place_survives_softening(place: tuple[str, ...], frame: str) -> None:
    """Of one word or several."""
    name = " ".join(place)
    assert name not in IDENTIFIER.soften(frame.format(name))


_LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=5, max_size=20).filter(lambda t: t.strip("_"))


@given(_LOCAL, st.sampled_from(("@{}", "{}@example.org", "https://example.org/{}", "t.me/{}", "www.{}.com")))
def test_no_contact_survives_either_way(local: str, frame: str) -> None:
    """Whatever it looks like inside."""
    contact = frame.format(local)
    for soft in (IDENTIFIER.soften(f"ask {contact} for more"), IDENTIFIER.without_contacts(f"ask {contact} for more")):
        assert contact not in soft
        assert not any(m.kind in CONTACTS for m in IDENTIFIER.find(soft))


@example("0000001940", " ")
@given(st.text("0123456789", min_size=9, max_size=12), st.sampled_from((" ", "-", "")))
def test_no_phone_number_survives_either_way(digits: str, gap: str) -> None:
    """However it is grouped."""
    number = f"07{digits[:3]}{gap}{digits[3:6]}{gap}{digits[6:]}"
    assert number not in IDENTIFIER.without_contacts(f"ring {number} please")


def test_a_draft_is_cleaned_of_what_cannot_be_seen() -> None:
    """Marks that turn the direction round or hide in words, controls, wide letters, rows of empty lines."""
    assert plain_draft("  a\u202eb\u200bc\x07 \uff20imran\r\n\n\n\n d ") == "abc @imran\n\nd"
    assert plain_draft("می\u200cخواهم") == "می\u200cخواهم"


def test_a_softer_word_keeps_the_capital_of_a_sentence() -> None:
    """And takes none inside of one."""
    assert IDENTIFIER.soften("Sana left. I miss Sana") == "Someone left. I miss someone"


@pytest.mark.parametrize(
    ("text", "softer"),
    [
        ("Mera shauhar Imran Bradford mein rehta hai", "Mera shauhar ek sheher mein rehta hai"),
        ("Sana ne Farzeen se kaha", "Ek insaan ne ek aur insaan se kaha"),
        ("Hum 2019 se saath hain, main 34 saal ki hoon", "Hum kuch waqt pehle se saath hain, main thirties mein hoon"),
        ("Mera number 07700 900123 hai, ya @sana_k", "Mera number ek number hai, ya ek account"),
    ],
)
def test_a_roman_draft_is_softened_in_its_own_words(text: str, softer: str) -> None:
    """Also before a case ending; nothing English comes into it, and a second look finds nothing more."""
    roman = IDENTIFIER.speaking("hi-Latn")
    assert roman.soften(text) == softer
    assert roman.find(softer) == ()
    assert IDENTIFIER.speaking("pa-Latn") is IDENTIFIER
    assert [(m.start, m.end) for m in roman.find(text)] == [(m.start, m.end) for m in IDENTIFIER.find(text)]


def test_the_lists_are_sound() -> None:
    """Enough names and places, and no name that is an ordinary word unless it says so."""
    assert len(CLUES.names) >= 600
    assert len(CLUES.places) >= 300
    assert not CLUES.names & CLUES.common
    assert {"will", "rose", "khan", "diya"} <= CLUES.weak_names


def test_broken_lists_are_named(tmp_path: Path) -> None:
    """Every problem with its file, all at once."""
    folder = tmp_path / "intents" / "lexicon"
    folder.mkdir(parents=True)
    (folder / "names.txt").write_text("Sana b2\n")
    (folder / "identify.yaml").write_text("softer: {age: young}\njobs: [Nurse]\nother: []\n")
    problems = load_clues(tmp_path, Lexicon())[1]
    for part in ("names.txt:1: `Sana`", "names.txt:1: `b2`", "places.txt: missing", "`jobs` must be", "lacks `phone`",
                 "`softer.age` must hold", "`other` is no key", "`schools` must map", "nine `decades`"):  # fmt: skip
        assert any(part in p for p in problems), part


def test_without_lists_contacts_are_still_found() -> None:
    """An identifier with softer words alone marks what needs no list."""
    bare = Identifier(Clues(softer=CLUES.softer, decades=CLUES.decades, decades_single=CLUES.decades_single))
    assert {m.kind for m in bare.find("mail a@example.org")} == {Kind.EMAIL}
