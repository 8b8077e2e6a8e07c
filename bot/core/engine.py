"""The whole of understanding in one pure call: text and context in, decision out."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.age import under_18
from bot.core.calibration import Calibration
from bot.core.direction import read_direction
from bot.core.fold import fold_gender
from bot.core.lexicon import Lexicon
from bot.core.linear import Floats, LinearModel
from bot.core.match import Match, SentenceScorer, fuse, rank
from bot.core.negation import mark_negated
from bot.core.normalize import Utterance, normalize
from bot.core.repair import Repairer
from bot.core.safety import SafetyRules, Thresholds, assess
from bot.core.values import Action, Context, Decision, Direction, Risk

_MIN_QUESTION = 4
"""words a sentence needs to be read as a question of its own"""
_ASKING = frozenset(
    [
        "is",
        "are",
        "am",
        "do",
        "does",
        "did",
        "can",
        "could",
        "should",
        "would",
        "will",
        "what",
        "why",
        "how",
        "when",
        "who",
        "which",
        "where",
        "and",
        "also",
        "or",
        "kya",
    ]
)
"""words a question begins with"""
_NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Tuning:
    """What calibration found, for one way of scoring."""

    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Thresholds = field(default_factory=Thresholds)
    weight: float = 1.0
    """how much the second opinion counts beside the lexical one"""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything `decide` needs, fitted or loaded once and never changed."""

    lexicon: Lexicon
    repairer: Repairer
    model: LinearModel
    rules: SafetyRules = field(default_factory=SafetyRules)
    tuning: Tuning = field(default_factory=Tuning)
    semantic: SentenceScorer | None = None
    semantic_tuning: Tuning = field(default_factory=Tuning)

    def tokens(self, utterance: Utterance) -> tuple[str, ...]:
        """Return the words the matcher reads: gender folded, misspelt words repaired."""
        return self.repairer.repair(mark_negated(fold_gender(utterance.tokens)))

    def decide(self, text: str, context: Context = _NO_CONTEXT) -> Decision:
        """Return what `text` means and what to do with it; never raises on any text."""
        utterance = normalize(text, self.lexicon)
        tokens = self.tokens(utterance)
        logits, known = self.model.logits(tokens)
        second = self.semantic.logits(tokens) if self.semantic is not None and tokens else None
        tuning = self.tuning if second is None else self.semantic_tuning
        fused = {n: fuse(v, None if second is None else second[n], tuning.weight) for n, v in logits.items()}
        risk = assess(self.rules, tokens, fused, tuning.thresholds)
        match = self._rank(fused["intent"], known, len(tokens), tuning)
        direction = read_direction(tokens, fused["direction"])
        young = context.under_18 or under_18(tokens)
        if risk.categories:
            return Decision(
                Action.CARE, None, match.chance, match.best(5), risk=risk, direction=risk.direction,
                lang=utterance.lang, under_18=young,
            )  # fmt: skip
        return self._choose(utterance, match, direction, risk, young, tuning)

    def _rank(self, scores: Floats, known: float, length: int, tuning: Tuning) -> Match:
        return rank(self.model.heads["intent"].labels, scores, known, length, tuning.calibration)

    def _choose(
        self, utterance: Utterance, match: Match, direction: Direction, risk: Risk, young: bool, tuning: Tuning
    ) -> Decision:
        """Return Answer, Clarify or Unsure by the calibrated thresholds."""
        best = match.best(5)
        limits = tuning.calibration
        if best and match.chance >= limits.floor and match.margin >= limits.margin:
            action, intent = Action.ANSWER, best[0][0]
        elif best and match.chance >= limits.unsure:
            action, intent = Action.CLARIFY, None
        else:
            action, intent = Action.UNSURE, None
        return Decision(
            action,
            intent,
            match.chance,
            best,
            also=self._also(utterance, best[0][0], tuning) if intent is not None else (),
            risk=risk,
            direction=direction,
            lang=utterance.lang,
            choices=tuple(name for name, _ in best[:3]) if action is Action.CLARIFY else (),
            under_18=young,
        )

    def _also(self, utterance: Utterance, main: str, tuning: Tuning) -> tuple[str, ...]:
        """Return up to two intents that further sentences of the message ask about."""
        found: list[str] = []
        if len(utterance.sentences) < 2:
            return ()
        for sentence in utterance.sentences[:8]:
            if len(sentence) < _MIN_QUESTION or not _ASKING.intersection(sentence[:3]):
                continue
            tokens = self.repairer.repair(fold_gender(sentence))
            logits, known = self.model.logits(tokens)
            match = self._rank(fuse(logits["intent"], None, 1.0), known, len(tokens), self.tuning)
            name = match.best(1)[0][0]
            if match.chance >= self.tuning.calibration.floor and name != main and name not in found:
                found.append(name)
        return tuple(found[:2])
