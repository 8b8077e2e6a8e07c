"""`unspoken check`: each rule goes red on a copy of the content that breaks it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.quality.check import check_content


def _never() -> object:
    raise AssertionError("broken content must not be fitted")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Return a copy of the content to break; each test puts back what it broke."""
    folder = tmp_path_factory.mktemp("content")
    for name in ("intents", "responses"):
        shutil.copytree(root / name, folder / name)
    return folder


def _broken(copy: Path, name: str, change: Callable[[str], str | None]) -> str:
    """Return the problems found after changing one file (None removes it)."""
    path = copy / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    after = change(before or "")
    if after is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after, encoding="utf-8")
    try:
        return "\n".join(check_content(copy, copy / "none", _never))  # type: ignore[arg-type]
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")


ANSWER = "responses/is_it_cheating/flirting.html.j2"
CARE = "responses/safety/domestic_abuse.html.j2"
EXAMPLES = "intents/is_it_cheating/flirting.yaml"
LINES = "responses/resources.yaml"
TEXTS = "responses/system/en.yaml"
ROMAN = "responses/hi-Latn"


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        (ANSWER, lambda t: None, f"{ANSWER}: missing"),
        (ANSWER, lambda t: t.replace("label:", "titel:"), "front matter needs `label`"),
        (ANSWER, lambda t: t.replace("label:", "label: [", 1), "front matter is not valid YAML"),
        (ANSWER, lambda t: t.replace("talk:", "tlak:"), "unknown key `tlak`"),
        (ANSWER, lambda t: t.replace("{% endblock %}", "{{ nobody }}{% endblock %}", 1), "'nobody' is undefined"),
        (ANSWER, lambda t: t.replace("{% endif %}", "", 1), f"{ANSWER}:"),
        (ANSWER, lambda t: t.replace("• ", "• <font>", 1), "<font> is no tag that Telegram knows"),
        (ANSWER, lambda t: t.replace("• ", "• <b>", 1), "<b> is not closed"),
        (ANSWER, lambda t: t.replace("• ", "• Tom & Co ", 1), "holds a bare &"),
        (ANSWER, lambda t: t.replace("• ", "• " + "long " * 900, 1), "Telegram takes 4096"),
        (ANSWER, lambda t: t.replace("next: [", "next: [nowhere, "), "next `nowhere` is no intent"),
        (ANSWER, lambda t: t.replace("• ", "• ring 0808 2000 247 ", 1), "a phone number in the text"),
        ("responses/is_it_cheating/unheard_of.html.j2", lambda t: "---\nlabel: x\n---\nx", "belongs to no id"),
        (CARE, lambda t: t.replace("{{ silent }}", "{{ number('gb-nobody') }}"), "does not render"),
        (EXAMPLES, lambda t: None, f"{EXAMPLES}: missing"),
        (EXAMPLES, lambda t: t + "  oops: [\n", f"{EXAMPLES}:"),
        (EXAMPLES, lambda t: t.replace("plain:", "plian:", 1), "unknown style `plian`"),
        (EXAMPLES, lambda t: t.replace("- self:", "- myself:", 1), "direction must be"),
        ("intents/is_it_cheating/unheard_of.yaml", lambda t: "batches: {}", "no intent of this group"),
        ("intents/out_of_scope.yaml",
         lambda t: t + "  z:\n    plain:\n      - none: twice so\n      - none: twice so\n", "also stands under"),
        ("intents/taxonomy.yaml", lambda t: t.replace("- flirting", "- flirting\n    - flirting"), "listed twice"),
        ("intents/lexicon/variants.yaml", lambda t: t + "  zzz: [BF]\n", "must be quoted lower-case text"),
        ("intents/lexicon/variants.yaml", lambda t: t + "  zzz: [bf]\n", "keep one"),
        ("intents/lexicon/languages.yaml", lambda t: t + "xx: [a]\n", "unknown language tag `xx`"),
        ("intents/lexicon/urdu.yaml", lambda t: t + "qq: é\n", "must be an Urdu word"),
        ("intents/safety/domestic_abuse.yaml", lambda t: t + '  - {say: "he & me"}\n', "is no element"),
        ("intents/safety/domestic_abuse.yaml", lambda t: t + '  - {say: "<nobody> hit"}\n', "unknown word class"),
        ("intents/safety/examples/domestic_abuse.yaml",
         lambda t: t.replace("kind: explicit", "kind: sure", 1), "needs text, style"),
        (LINES, lambda t: t.replace('"0808 2000 247"', '"0808 2000 248"', 1), "is no valid number of GB"),
        (LINES, lambda t: t.replace('hours: "Mo-Fr 10:00-16:00"', 'hours: "weekdays"', 1), "do not parse"),
        (LINES, lambda t: t.replace("id: gb-emergency-999", "id: gb-other").replace("topics: [emergency]",
         "topics: [crisis]", 1), "GB has no emergency number"),
        (LINES, lambda t: t.replace("check_by: 2027-05-22", "check_by: soon", 1), "must be dates"),
        (LINES, lambda t: t.replace("confidence: high", "confidence: low", 1), "a number may be shown only"),
        (LINES, lambda t: t.replace("8571 9595", "8571 0800").replace("85719595", "85710800"),
         "is on the list of wrong numbers"),
        # tone
        (TEXTS, lambda t: t.replace("Here is something to think with.", "Your affair and what to think."),
         "a lock screen shows them"),
        (ANSWER, lambda t: t.replace("• ", "• Small words that go on. " * 12 + "\n• ", 1),
         "words before what is folded"),
        (ANSWER, lambda t: t.replace("• ", "• Institutional considerations notwithstanding, comprehensive deliberation "
         "necessitates extraordinarily sophisticated communication capabilities, simultaneously acknowledging "
         "psychological vulnerabilities, interpersonal responsibilities, organisational expectations. ", 1),
         "reads at grade"),
        (ANSWER, lambda t: t.replace("• ", "• You should stop. ", 1), "list of banned phrasings"),
        (ANSWER, lambda t: t.replace("• ", "• This is cheating. ", 1), "list of banned phrasings"),
        (ANSWER, lambda t: t.replace("• ", "• He may not know. ", 1), "cards assume no gender"),
        (ANSWER, lambda t: t.split("{% block understood %}")[0] + "{% block understood %}Text.{% endblock %}",
         "holds nothing for the partner"),
        (ANSWER, lambda t: t.replace("sources: [", "sources: []\nswap: yes #", 1), "needs `sources`"),
        (ANSWER, lambda t: t.replace("reviewed: draft", "reviewed: yes", 1), "reviewed must be one of"),
        ("responses/tone.yaml", lambda t: t.replace("most_words: 90", "most_words: many"), "responses/tone.yaml: "),
        # wording on danger
        (CARE, lambda t: t.replace("• ", "• You should leave tonight. ", 1), "leaving can be the most dangerous time"),
        (CARE, lambda t: t.replace("• ", "• Confront them with it. ", 1), "confronting, exposing"),
        (CARE, lambda t: t.replace("• ", "• Try couple counselling. ", 1), "no couple work"),
        (CARE, lambda t: t.replace("• ", "• Speak to your elders. ", 1), "relatives, elders"),
        (CARE, lambda t: t.replace("• ", "• It will not show on the bill. ", 1), "only where the operator says so"),
        (CARE, lambda t: t.replace("• ", "• Everyone gets angry. ", 1), "no reassurance"),
        (TEXTS, lambda t: t.replace("Nobody watches this chat", "This chat is read"), "nobody watches this chat"),
        (TEXTS, lambda t: t.replace("I am glad you wrote this.", "I read all 12 lines."), "line 1 holds a digit"),
        ("responses/wording.yaml", lambda t: t.replace('"stand up to"', '"(stand"'), "does not compile"),
        # languages and tools
        (f"{ROMAN}/system.yaml", lambda t: t + "nonsense: x\n", "is no text of system/en.yaml"),
        (f"{ROMAN}/language.yaml", lambda t: t.replace("letter: h", "letter: e"), "no other language has"),
        (f"{ROMAN}/safety/unheard_of.html.j2", lambda t: "---\nlabel: x\n---\nx", "is no card of English"),
        (f"{ROMAN}/tools/say.yaml", lambda t: t.replace("key: p", "key: z", 1), "same questions and keys"),
        ("responses/tools/say.yaml", lambda t: t.replace("{3}", "{4}"), "`result` may hold"),
        ("responses/tools/say.yaml", lambda t: t.replace("I felt hurt.", "I felt hurt. " * 20), "256 fit"),
        ("responses/tools/four.yaml", lambda t: t.replace("key: g", "key: n", 1), "have the same key"),
    ],
)  # fmt: skip
def test_each_rule_goes_red(copy: Path, name: str, change: Callable[[str], str | None], problem: str) -> None:
    """The problem names the file and what is wrong."""
    assert problem in _broken(copy, name, change)


def test_the_copy_itself_is_sound(copy: Path) -> None:
    """Otherwise the tests above prove nothing."""
    assert check_content(copy, copy / "none", _never) == ()  # type: ignore[arg-type]
