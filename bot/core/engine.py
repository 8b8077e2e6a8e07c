"""The whole of understanding in one pure call: text and context in, decision out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.core.age import under_18
from bot.core.direction import read_direction
from bot.core.facts import asked_about
from bot.core.fold import fold_gender
from bot.core.followup import FollowUp, context_words, needs_context, read_followup, swapped
from bot.core.lexicon import Lexicon
from bot.core.linear import Floats, LinearModel, softmax
from bot.core.match import Match, SentenceScorer, fuse, rank
from bot.core.negation import denies_act, mark_negated
from bot.core.normalize import Utterance, normalize
from bot.core.reading import Reading, Tuning
from bot.core.repair import Repairer
from bot.core.safety import ALWAYS_EMERGENCY, CATEGORIES, SafetyRules, assess, read_danger
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency

NATIVE_SCRIPTS = frozenset({"hi", "ur", "pa", "bn", "gu"})
"""languages written in a script of their own"""
_MAX_QUESTIONS = 3
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
        return self._words(utterance.tokens)

    def _words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return self.repairer.repair(mark_negated(fold_gender(words)))

    def read(self, text: str) -> Reading:
        """Return what the scorers say of `text`, before any threshold."""
        utterance = normalize(text, self.lexicon)
        tokens = self.tokens(utterance)
        lexical, known = self.model.logits(tokens)
        second = self._second(tokens, utterance.lang)
        return Reading(utterance, tokens, lexical, second, known)

    def danger_of(self, tokens: Sequence[str]) -> float:
        """Return the lexical model's probability 0..1 of danger in a part of a message."""
        return 1.0 - float(softmax(self.model.logits(tokens)[0]["danger"])[-1])

    def _second(self, tokens: tuple[str, ...], lang: str) -> Mapping[str, Floats] | None:
        """Return the encoder's opinion; it has never seen native scripts, whose Latin letters are none of its words."""
        if self.semantic is None or not tokens or lang in NATIVE_SCRIPTS:
            return None
        return self.semantic.logits(tokens)

    def tuning_of(self, reading: Reading) -> Tuning:
        """Return the thresholds for the scorers that spoke."""
        return self.tuning if reading.semantic is None else self.semantic_tuning

    def decide(self, text: str, context: Context = _NO_CONTEXT) -> Decision:
        """Return what `text` means and what to do with it; never raises on any text."""
        reading = self.read(text)
        tuning = self.tuning_of(reading)
        utterance, tokens = reading.utterance, reading.tokens
        found, danger = read_danger(self.rules, tokens, reading.lexical, reading.semantic, self.danger_of)
        chance = tuning.alarm.probability(danger)
        opinion = partial(reading.fused, weight=tuning.danger_weight)
        risk = assess(self.rules, tokens, found, chance, opinion, tuning.thresholds)
        match = self._rank(reading.fused("intent", tuning.weight), reading.known, len(tokens), tuning)
        direction = read_direction(tokens, reading.fused("direction", tuning.weight))
        young = context.under_18 or under_18(tokens)
        fact = asked_about(self.rules.facts, tokens)
        if fact is not None and not risk.categories:
            return Decision(
                Action.UNSURE, None, match.chance, match.best(5), lang=utterance.lang, under_18=young, signpost=fact
            )
        # "the last one" names a choice that was offered, and holds no word that could be danger.
        names_choice = not found and (read_followup(tokens, context) or (None,))[0] is FollowUp.PICK
        if risk.categories and not names_choice:
            return Decision(
                Action.CARE, None, match.chance, match.best(5), risk=risk, direction=risk.direction,
                lang=utterance.lang, under_18=young,
            )  # fmt: skip
        leaning = self._lean(tokens, context, match, tuning)
        if leaning is not None:
            return replace(leaning, lang=utterance.lang, under_18=young)
        if needs_context(tokens):
            return Decision(Action.UNSURE, None, 0.0, match.best(5), risk=risk, lang=utterance.lang, under_18=young)
        return self._choose(utterance, match, direction, risk, young, tuning)

    def _lean(self, tokens: tuple[str, ...], context: Context, match: Match, tuning: Tuning) -> Decision | None:
        """Return the decision on a message that leans on the last card, or None when it stands on its own."""
        found = read_followup(tokens, context)
        if found is None:
            return None
        kind, index = found
        node = context.node or ""
        category = node.removeprefix("care:")
        if kind in {FollowUp.YES, FollowUp.NO} and context.asked_danger and category in CATEGORIES:
            if kind is FollowUp.NO:
                return _lean_on(match, None, Action.UNSURE, context)
            urgency = Urgency.EMERGENCY if category in ALWAYS_EMERGENCY else Urgency.HIGH
            risk = Risk((category,), urgency, True, context.direction, confidence=1.0)
            return replace(_lean_on(match, None, Action.CARE, context), risk=risk)
        if kind is FollowUp.PICK:
            return _lean_on(match, context.choices[index], Action.ANSWER, context)
        if kind is FollowUp.OTHER_ONE and context.choices:
            return _lean_on(match, context.choices[min(1, len(context.choices) - 1)], Action.ANSWER, context)
        intents = self.model.heads["intent"].labels
        if node not in intents or kind in {FollowUp.YES, FollowUp.NO, FollowUp.OTHER_ONE}:
            return None
        if kind is FollowUp.WHY:
            return _lean_on(match, "why_it_happens", Action.ANSWER, context)
        if kind is FollowUp.SWAP:
            there = replace(context, direction=swapped(context.direction, tokens))
            return _lean_on(match, node, Action.ANSWER, there)
        if match.chance >= tuning.calibration.floor:
            return None
        return self._go_on(tokens, node, context, tuning)

    def _go_on(self, tokens: tuple[str, ...], node: str, context: Context, tuning: Tuning) -> Decision | None:
        """Return the decision on `tokens` read together with what the last card was about."""
        together = (*context_words(node), *tokens)
        lexical, known = self.model.logits(together)
        second = self._second(together, context.lang or "en")
        reading = Reading(Utterance(together, (together,), ""), together, lexical, second, known)
        match = self._rank(reading.fused("intent", tuning.weight), known, len(together), tuning)
        best = match.best(1)[0][0]
        if match.chance < tuning.calibration.unsure:
            return None
        direction = read_direction(tokens, reading.fused("direction", tuning.weight))
        there = context if direction is Direction.NONE else replace(context, direction=direction)
        return _lean_on(match, best, Action.ANSWER, there)

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
        asked = self._questions(utterance, tuning)
        if intent is None and len(asked) > 1:
            # Two clear questions outvote each other in the whole: the likelier one is answered, the others offered.
            action, intent = Action.ANSWER, next((name for name, _ in best if name in asked), asked[0])
        return Decision(
            action,
            intent,
            match.chance,
            best,
            also=tuple(name for name in asked if name != intent)[:2] if intent is not None else (),
            risk=risk,
            direction=direction,
            lang=utterance.lang,
            choices=tuple(name for name, _ in best[:3]) if action is Action.CLARIFY else (),
            denied=denies_act(fold_gender(utterance.tokens)),
            under_18=young,
        )

    def _questions(self, utterance: Utterance, tuning: Tuning) -> tuple[str, ...]:
        """Return the intents of the message's separate questions that are each clear on their own."""
        found: list[str] = []
        if len(utterance.sentences) < 2:
            return ()
        asking = [s for s in utterance.sentences if len(s) >= _MIN_QUESTION and _ASKING.intersection(s[:3])]
        for sentence in asking[:_MAX_QUESTIONS]:
            tokens = self._words(sentence)
            lexical, known = self.model.logits(tokens)
            fused = fuse(lexical["intent"], _intent(self._second(tokens, utterance.lang)), tuning.weight)
            match = self._rank(fused, known, len(tokens), tuning)
            name = match.best(1)[0][0]
            if match.chance >= tuning.calibration.floor and name not in found:
                found.append(name)
        return tuple(found)


def _intent(logits: Mapping[str, Floats] | None) -> Floats | None:
    return None if logits is None else logits["intent"]


def _lean_on(match: Match, intent: str | None, action: Action, context: Context) -> Decision:
    """Return a decision that takes its direction from the last card."""
    return Decision(action, intent, match.chance, match.best(5), direction=context.direction)
