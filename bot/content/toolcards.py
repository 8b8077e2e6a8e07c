"""The cards of guided tools: a question at a time, then what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import escape

from bot.content.care import CareWriter
from bot.content.reply import Button, Reply, Target
from bot.content.tools import DONE, Option, Tool, read_state, sentence
from bot.content.writer import in_rows
from bot.core.values import Direction

_LONG_LABEL = 16
"""characters from which a row holds one option"""


@dataclass(frozen=True, slots=True)
class ToolWriter(CareWriter):
    """Writes the guided tools."""

    def _tool(self, name: str, state: str, target: Target) -> Reply:
        """Return the next question of a tool, or its result; whatever does not fit begins again."""
        tool = self.catalogue.tools[self.lang].get(name)
        target = replace(target, direction=Direction.NONE)  # the reader says in the tool itself who did what
        if tool is None:
            return self._tools(target)
        chosen = read_state(tool, state)
        if chosen is None:
            state, chosen = "", ()
        if state.endswith(DONE) or (tool.kind != "pick" and len(chosen) == len(tool.steps)):
            return self._tool_result(tool, chosen, target)
        step = tool.steps[0 if tool.kind == "pick" else len(chosen)]
        buttons = [
            Button(self._mark(tool, option, chosen), self._to(f"tool:{name}:{_after(tool, state, option)}", target))
            for option in step.options
        ]
        rows = in_rows(buttons, 2 if all(len(b.label) <= _LONG_LABEL for b in buttons) else 1)
        if tool.kind == "pick" and chosen:
            rows = (*rows, (Button(self._button("show_list"), self._to(f"tool:{name}:{state}{DONE}", target)),))
        elif chosen:
            rows = (*rows, (Button(self._button("step_back"), self._to(f"tool:{name}:{state[:-1]}", target)),))
        start = f"{escape(tool.intro)}\n\n" if not chosen else ""
        count = f" ({len(chosen) + 1}/{len(tool.steps)})" if tool.kind != "pick" else ""
        html = f"{self._text('first_tool')}\n\n{start}<b>{escape(step.ask)}</b>{count}"
        return Reply(html, (*rows, *self._afraid_row(tool, target), *self._foot(target)), node=f"tool:{name}")

    def _tool_result(self, tool: Tool, chosen: tuple[Option, ...], target: Target) -> Reply:
        rows: list[tuple[Button, ...]] = []
        if tool.kind == "sentence":
            words = sentence(tool, chosen)
            body = f"<i>{escape(words)}</i>"
            rows.append((Button(self._button("copy_words"), copy=words),))
        else:
            body = f"{escape(tool.result)}\n\n" + "\n".join(f"• {escape(o.says)}" for o in chosen)
        close = str(self._text("tool_afraid") if any(o.afraid for o in chosen) else escape(tool.close))
        rows += [*self._afraid_row(tool, target, always=any(o.afraid for o in chosen))]
        rows.append((Button(self._button("again"), self._to(f"tool:{tool.name}:", target)),))
        html = f"{self._text('first_tool')}\n\n{body}\n\n{close}"
        return Reply(html, (*rows, *self._foot(target)), node=f"tool:{tool.name}")

    def _tools(self, target: Target) -> Reply:
        """Return the list of tools."""
        own = self.catalogue.tools[self.lang]
        rows = [(Button(tool.label, self._to(f"tool:{name}:", target)),) for name, tool in own.items()]
        rows += [(Button(self.node_label(n), self._to(n, target)),) for n in ("page:tonight", "page:write_it")]
        return Reply(self._text("tools"), (*rows, *self._foot(target)), node="tools")

    def _afraid_row(self, tool: Tool, target: Target, *, always: bool = False) -> tuple[tuple[Button, ...], ...]:
        if not (tool.talk or always):
            return ()
        return ((Button(self._button("afraid"), self._to("page:afraid", target)),),)

    @staticmethod
    def _mark(tool: Tool, option: Option, chosen: tuple[Option, ...]) -> str:
        """Return an option's label; a chosen one of a pick is ticked."""
        return f"✓ {option.label}" if tool.kind == "pick" and option in chosen else option.label


def _after(tool: Tool, state: str, option: Option) -> str:
    """Return the state after an option was pressed; pressing a chosen one of a pick takes it away."""
    if tool.kind != "pick":
        return state + option.key
    wanted = set(state) ^ {option.key}
    return "".join(o.key for o in tool.steps[0].options if o.key in wanted)
