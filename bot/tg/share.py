"""Inline mode: a neutral card on a topic, shared by whoever types the bot's name in another chat.

Nothing of the one who shares is in it. What is typed is read like any message and kept nowhere; a dangerous one offers
nothing but the ordinary topics, since an inline result is no place for care.
"""

from __future__ import annotations

from dataclasses import dataclass

from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions, Update
from telegram.constants import ParseMode
from telegram.ext import ContextTypes

from bot.content.render import NOT_FOR_YOUNG, Renderer
from bot.core.engine import Engine
from bot.core.values import Action
from bot.tg.deliver import deliver

MOST = 8
_FIRST = ("what_is_micro_cheating", "secrecy_vs_privacy", "set_boundaries", "never_agreed_rules", "why_it_hurts",
          "rebuild_trust", "reconnect", "how_to_bring_it_up")  # fmt: skip
"""topics offered before anything is typed"""
_LIGHT = "meta"


@dataclass(frozen=True, slots=True)
class Share:
    """What the inline handler works with."""

    engine: Engine
    renderer: Renderer

    def topics(self, text: str) -> list[str]:
        """Return the intents that fit a typed text, best first; the usual ones for no text or a dangerous one."""
        if not text.strip():
            return list(_FIRST)
        decision = self.engine.decide(text)
        if decision.action is Action.CARE or decision.signpost is not None:
            return list(_FIRST)
        found = [i for i, _ in decision.alternatives if self._may(i)]
        return [*found, *(i for i in _FIRST if i not in found)][:MOST]

    def _may(self, intent: str) -> bool:
        """Tell whether a topic may be shared: about relationships, and for any age."""
        return self.renderer.catalogue.taxonomy.group_of(intent) != _LIGHT and intent not in NOT_FOR_YOUNG

    async def on_inline(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Offer cards to share; personal and uncached, so that nothing typed lies on Telegram's side for others."""
        query = update.inline_query
        if query is None:
            return
        catalogue = self.renderer.catalogue
        results = [
            InlineQueryResultArticle(
                catalogue.code(intent),
                catalogue.label(intent),
                InputTextMessageContent(
                    self.renderer.shared(intent),
                    parse_mode=ParseMode.HTML,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                ),
            )
            for intent in self.topics(query.query)
        ]
        await deliver(lambda: query.answer(results, cache_time=0, is_personal=True), "inline")
