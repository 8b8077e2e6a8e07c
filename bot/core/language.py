"""Which language a message is in, from its script or its commonest words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.lexicon import Lexicon

UNKNOWN = "und"
_MIN_SHARE = 0.2
"""share of words that must be markers of a Roman-script Indian language before it is called that"""
_FOREIGN = "und"
_ALSO_ENGLISH = 0.4


def identify(words: Sequence[str], script: str | None, lexicon: Lexicon) -> str:
    """Return the BCP 47 tag of a message given as words, `script` the tag of its native script if it has one."""
    if script is not None:
        return script
    if not words:
        return UNKNOWN
    # A marker that is also an English word ("menu", "main") says little on its own.
    worth = [(w, _ALSO_ENGLISH if w in lexicon.english else 1.0) for w in words]
    counts = {tag: sum(n for w, n in worth if w in marks) for tag, marks in lexicon.markers.items() if tag != _FOREIGN}
    total = len(words)
    shared = counts.pop("hi-Latn", 0.0)
    special = {tag: n for tag, n in counts.items() if n}
    best = max(special, key=lambda t: special[t]) if special else None
    hits = shared + (special[best] if best else 0)
    clear = best is not None and special[best] >= max(1, shared * 0.5, min(3, total * _MIN_SHARE))
    if best in {"pa-Latn", "bn-Latn", "gu-Latn"} and clear:
        return best
    if hits and (hits / total >= _MIN_SHARE or hits >= 4):
        return "ur-Latn" if counts.get("ur-Latn", 0) else "hi-Latn"
    known = sum(w in lexicon.english or w in lexicon.variants or "'" in w or w.isdigit() for w in words)
    foreign = sum(w in lexicon.markers.get(_FOREIGN, ()) for w in words)
    if foreign * 4 >= total and foreign >= 2 and known - foreign < total * 0.6:
        return UNKNOWN
    return "en" if known * 3 >= total or total <= 2 else UNKNOWN
