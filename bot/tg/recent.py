"""When something last happened, by chat and person, in memory: so that the same is not answered twice at once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_MOST_KEPT = 20_000


@dataclass(slots=True)
class Recent:
    """Times by key, the oldest forgotten first."""

    times: OrderedDict[tuple[int, int], float] = field(default_factory=OrderedDict)

    def passed(self, key: tuple[int, int], now: float, seconds: float) -> bool:
        """Tell whether `seconds` have passed since this was last true for `key`; then it counts from now."""
        last = self.times.get(key)
        if last is not None and now - last < seconds:
            return False
        self.times[key] = now
        self.times.move_to_end(key)
        while len(self.times) > _MOST_KEPT:
            self.times.popitem(last=False)
        return True
