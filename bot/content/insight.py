"""The weekly counts as admins read them: as text, and as a picture where that can be drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import escape

from bot.content.chart import Bar, draw_bars
from bot.content.reply import Reply, Target
from bot.content.writer import Writer
from bot.core.noise import Rule

_MOST_BARS = 12


@dataclass(frozen=True, slots=True)
class InsightWriter(Writer):
    """Writes numbers that are noisy already; knows nothing of members."""

    def insight(self, week: int, counts: Sequence[tuple[str, int]], epsilon: Fraction) -> Reply:
        """Return one week's released counts as text; `week` is year * 100 + ISO week, `counts` hold (topic, number)."""
        lines = [
            self._text("insight_line").format(label=escape(bar.label), value=bar.value) for bar in self._bars(counts)
        ]
        # The line above the list keeps its first label off lock screens.
        listed = "\n".join([self._text("insight_head"), *(f"• {line}" for line in lines)])
        parts = (
            self._named("insight", week, epsilon),
            listed if lines else self._text("insight_none"),
            self._named("insight_note", week, epsilon),
        )
        return Reply("\n\n".join(parts), self._foot(Target("")))

    def insight_chart(self, week: int, counts: Sequence[tuple[str, int]], epsilon: Fraction) -> bytes | None:
        """Return the same as a PNG picture; None where there is nothing to draw or the extra `charts` is missing.

        Takes some tenths of a second: call it in a thread.
        """
        bars = self._bars(counts)[:_MOST_BARS]
        if not bars:
            return None
        return draw_bars(self._named("insight_title", week, epsilon), bars, self._named("insight_foot", week, epsilon))

    def _bars(self, counts: Sequence[tuple[str, int]]) -> list[Bar]:
        """Return the topics by what buttons call them, largest first; one that an upgrade took away is left out."""
        known = [(topic, n) for topic, n in counts if topic in self.catalogue.taxonomy.intents]
        return [Bar(self.node_label(topic), n) for topic, n in sorted(known, key=lambda pair: (-pair[1], pair[0]))]

    def _named(self, key: str, week: int, epsilon: Fraction) -> str:
        rule = Rule(epsilon)
        first = dt.date.fromisocalendar(*divmod(week, 100), 1)
        return self._text(key).format(
            first=first.isoformat(),
            last=(first + dt.timedelta(days=6)).isoformat(),
            k=rule.k,
            topics=rule.topics,
            least=rule.least,
            epsilon=f"{float(epsilon):g}",
        )
