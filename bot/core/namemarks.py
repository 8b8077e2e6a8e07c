"""Passages of a draft that name people, places, and what bears a name of its own: houses of worship, schools, firms."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.clues import Clues, Draft, Kind, Mark

_SMALL = frozenset(
    ["the", "a", "an", "my", "our", "his", "her", "their", "your", "this", "that", "at", "in", "on", "of", "from", "to",
     "and", "or", "but", "i", "we", "he", "she", "they", "it", "when", "if", "so", "as", "is", "was", "for", "with",
     "by", "me", "you", "not", "no", "after", "before"]
)  # fmt: skip
_OWNERS = frozenset({"my", "his", "her", "our", "their", "your"})
_ARTICLES = frozenset({"the", "our", "my", "a", "an"})
_SAYS = frozenset(
    {
        "said",
        "says",
        "told",
        "texted",
        "messaged",
        "asked",
        "called",
        "came",
        "went",
        "keeps",
        "wants",
        "thinks",
        "knows",
        "did",
        "does",
    }
)
_AT = frozenset({"in", "at", "to", "around"})
_LONGEST_PLACE = 3
_LONGEST_EMPLOYER = 3
_SHORTEST_NAME = 3
_LONGEST_SHORT_FORM = 4
_EMPLOYED = ("work", "job", "shift", "intern", "employed", "employ", "placement")


def is_unknown_capital(draft: Draft, clues: Clues, i: int) -> bool:
    """Tell whether word i has a capital and is no word that is known: most likely a name."""
    word = draft.words[i]
    if word.shouted and len(word.low) <= _LONGEST_SHORT_FORM:
        return False  # MIL, BF, NRI
    return (
        word.capital
        and len(word.low) > 1
        and "'" not in word.low
        and word.low not in clues.common
        and word.low not in _SMALL
        and not clues.has("plain", word.low)
    )


def find_names(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield people's names; the same person gets the same softer word throughout."""
    order: dict[str, str] = {}
    people = ("first_person", "second_person")
    i = 0
    while i < len(draft.words):
        start, end = _name_run(draft, clues, i)
        if end <= start:
            i += 1
            continue
        first, last = draft.words[start], draft.words[end - 1]
        before = draft.words[start - 1] if draft.joined(start) else None
        after = draft.words[end] if draft.joined(end) else None
        if before is not None and clues.has("relations", before.low):
            yield Mark(before.start, last.end, Kind.NAME, draft.text[before.start : before.end])
        elif after is not None and clues.has("after_names", after.low):
            yield Mark(first.start, after.end, Kind.NAME, draft.text[after.start : after.end])
        else:
            opening = before if before is not None and clues.has("titles", before.low) else first
            person = order.setdefault(
                first.low, clues.softer[people[len(order)] if len(order) < len(people) else "further_person"]
            )
            yield Mark(opening.start, last.end, Kind.NAME, person)
        i = end


def _name_run(draft: Draft, clues: Clues, i: int) -> tuple[int, int]:
    """Return the words of a name that begins at word i, as (i, end); (i, i) where none does."""
    if not _starts_name(draft, clues, i):
        return i, i
    end = i + 1
    while end < len(draft.words) and draft.joined(end) and draft.text[draft.words[end - 1].end] in " -":
        word = draft.words[end]
        family = word.low in clues.weak_names and (word.capital or word.low not in clues.common or word.first)
        if not (word.low in clues.names or family or is_unknown_capital(draft, clues, end)):
            break
        if clues.has("after_names", word.low):
            break
        end += 1
    return i, end


def _starts_name(draft: Draft, clues: Clues, i: int) -> bool:
    word = draft.words[i]
    low = word.low
    if low in clues.names or (low.endswith("s") and low[:-1] in clues.names and low not in clues.common):
        return True
    if clues.has("plain", low) or clues.has("titles", low) or low in _SMALL or "'" in low:
        return False
    weak, known = low in clues.weak_names, low in clues.common
    before, joined = draft.low(i - 1), draft.joined(i)
    if word.capital and weak:
        return True
    if is_unknown_capital(draft, clues, i):
        return True
    if len(low) < _SHORTEST_NAME:
        return False
    if joined and (clues.has("called", before) or (before in {"is", "name's", "name"} and draft.low(i - 2) == "name")):
        return weak or not known
    if joined and clues.has("titles", before):
        return (weak and low != "will") or not known
    stands_out = draft.english and not known and low.isascii()
    if joined and clues.has("relations", before) and draft.low(i - 2) in _OWNERS:
        return stands_out
    if draft.joined(i + 1) and clues.has("after_names", draft.low(i + 1)) and draft.low(i + 1) != "ji":
        return stands_out or (weak and word.first and not known)
    return word.first and draft.text[word.start].isupper() and (weak or not known) and draft.low(i + 1) in _SAYS


def find_places(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield towns and boroughs."""
    i = 0
    while i < len(draft.words):
        size = place_size(draft, clues, i)
        if size:
            yield Mark(draft.words[i].start, draft.words[i + size - 1].end, Kind.PLACE, clues.softer["place"])
        i += size or 1


def place_size(draft: Draft, clues: Clues, i: int) -> int:
    """Return how many words the place that begins at word i has; 0 where none does."""
    for size in range(_LONGEST_PLACE, 0, -1):
        phrase = tuple(draft.low(n) for n in range(i, i + size))
        if i + size > len(draft.words) or not all(draft.joined(n) for n in range(i + 1, i + size)):
            continue
        if phrase in clues.places:
            return size
        before = {draft.low(i - 1), f"{draft.low(i - 2)} {draft.low(i - 1)}"}
        there = any(clues.has("place_before", b) for b in before) or (draft.words[i].capital and before & _AT)
        if phrase in clues.weak_places and (there or (draft.words[i].capital and phrase[0] not in clues.names)):
            return size
    return 0


def find_houses(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield houses of worship, schools, clinics and firms that bear a name."""
    for i, word in enumerate(draft.words):
        if clues.has("worship", word.low):
            start, end = _named(draft, clues, i, "worship_names")
            if end:
                yield _house(draft, start, end, Kind.WORSHIP, clues.softer["worship"])
        elif word.low in clues.schools:
            start, end = _named(draft, clues, i, "school_names")
            if end:
                yield _house(draft, start, end, Kind.SCHOOL, clues.schools[word.low])
        elif clues.has("businesses", word.low):
            start, end = _named(draft, clues, i, "worship_names")
            if end:
                yield _house(draft, start, end, Kind.WORK, clues.softer["business"])


def _named(draft: Draft, clues: Clues, i: int, names: str) -> tuple[int, int]:
    """Return the words of the name around the kind of house at word i; (0, 0) where it has none of its own."""
    own = False
    start, end = i, i + 1
    while start > 0 and draft.joined(start) and _is_part(draft, clues, start - 1, names):
        start -= 1
        own = own or not clues.has("generic_names", draft.low(start))
    if draft.low(end) == "of" and draft.joined(end) and end + 1 < len(draft.words) and draft.joined(end + 1):
        size = place_size(draft, clues, end + 1) or is_unknown_capital(draft, clues, end + 1)
        if size:
            end, own = end + 1 + int(size), True
    while end < len(draft.words) and draft.joined(end) and _is_part(draft, clues, end, names):
        own = own or not clues.has("generic_names", draft.low(end))
        end += 1
    return (start, end) if own else (0, 0)


def _is_part(draft: Draft, clues: Clues, i: int, names: str) -> bool:
    """Tell whether word i may be part of the name of a house."""
    low = draft.low(i)
    if low in _SMALL or (clues.has("plain", low) and not clues.has(names, low)):
        return False
    in_place = (low,) in clues.places or any(low in p for p in clues.places if len(p) > 1 and draft.words[i].capital)
    return (
        draft.words[i].capital
        or in_place
        or low in clues.names
        or clues.has(names, low)
        or is_unknown_capital(draft, clues, i)
    )


def _house(draft: Draft, start: int, end: int, kind: Kind, softer: str) -> Mark:
    if start and draft.joined(start) and draft.low(start - 1) in _ARTICLES:
        start -= 1
    return Mark(draft.words[start].start, draft.words[end - 1].end, kind, softer)


def find_employers(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield employers after "at" and the like, and whatever stands out after "works at"."""
    for i in range(1, len(draft.words)):
        before = i - 1 if draft.low(i - 1) != "the" else i - 2
        if before < 0 or draft.low(before) not in {"at", "for", "with", "in"} or not draft.joined(i):
            continue
        works = draft.low(before - 1).startswith(_EMPLOYED) and draft.joined(before)
        size = _employer_size(draft, clues, i)
        if not size and (works or clues.has("jobs", draft.low(before - 1))) and draft.low(before) in {"at", "for"}:
            size = _firm_size(draft, clues, i)
        if size and (works or draft.low(before) == "at"):
            softer = clues.softer["employer" if works else "work"]
            yield Mark(draft.words[before].start, draft.words[i + size - 1].end, Kind.WORK, softer)


def _employer_size(draft: Draft, clues: Clues, i: int) -> int:
    for size in range(_LONGEST_EMPLOYER, 0, -1):
        phrase = " ".join(draft.low(n) for n in range(i, i + size))
        if i + size <= len(draft.words) and clues.has("employers", phrase):
            return size
    return 0


def _firm_size(draft: Draft, clues: Clues, i: int) -> int:
    """Return how many words at i look like the name of a firm that is on no list."""
    size = 0
    while i + size < len(draft.words) and (size == 0 or draft.joined(i + size)):
        word = draft.words[i + size]
        odd = (
            draft.english
            and word.low not in clues.common
            and not clues.has("plain", word.low)
            and word.low not in _SMALL
        )
        if not (word.capital and word.low not in _SMALL and not clues.has("plain", word.low)) and not odd:
            break
        size += 1
    return size
