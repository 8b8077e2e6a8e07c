"""What is remembered between two messages: a context without any text."""

from __future__ import annotations

from dataclasses import replace

from bot.content.reply import Target
from bot.core.values import Action, Context, Decision, Urgency


def context_after(decision: Decision, before: Context) -> Context:
    """Return the context that follows a typed message."""
    node = before.node
    emergency, leverage = before.emergency, before.leverage
    if decision.action is Action.CARE:
        node = f"care:{decision.risk.categories[0]}"
        emergency, leverage = decision.risk.urgency is Urgency.EMERGENCY, decision.risk.leverage
    elif decision.intent is not None:
        node = decision.intent
    return Context(
        node=node,
        direction=decision.direction,
        country=before.country,
        lang=decision.lang,
        under_18=before.under_18 or decision.under_18,
        asked_danger=decision.action is Action.CARE and not decision.risk.explicit,
        emergency=emergency,
        leverage=leverage,
        choices=decision.choices,
    )


def context_of_card(target: Target) -> Context | None:
    """Return the context that a card's own button tells, or None when this button does not say where it stands."""
    kind, _, here = target.node.partition(":")
    if kind != "topics" or not here:
        return None
    return Context(
        node=here,
        direction=target.direction,
        country=target.country,
        lang=target.lang,
        under_18=target.under_18,
    )


def context_of_press(target: Target, before: Context) -> Context:
    """Return the context that follows a pressed button."""
    return replace(
        before,
        node=target.node,
        direction=target.direction,
        country=target.country or before.country,
        under_18=before.under_18 or target.under_18,
        asked_danger=False,
        emergency=target.emergency,
        leverage=False,
        choices=(),
    )
