"""PNG pictures of an evaluation; needs the extra `charts`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.content.taxonomy import Taxonomy
from bot.errors import UnspokenError
from bot.quality.evaluate import Report


def draw_plots(report: Report, taxonomy: Taxonomy, folder: Path) -> list[Path]:
    """Write confusion.png (by group), reliability.png and tiers.png to `folder`; return their paths."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        raise UnspokenError("plots need the extra: pip install -e '.[charts]'") from None
    folder.mkdir(parents=True, exist_ok=True)
    groups = [g for g, _ in taxonomy.groups] + ["other"]
    table = np.zeros((len(groups), len(groups)), int)
    for (meant, taken), texts in report.confusions.items():
        row = groups.index(taxonomy.group_of(meant) or "other")
        column = groups.index(taxonomy.group_of(taken) or "other")
        table[row, column] += len(texts)
    figure, axes = pyplot.subplots(figsize=(7, 6))
    picture = axes.imshow(table, cmap="Blues")
    axes.set_xticks(range(len(groups)), groups, rotation=60, ha="right")
    axes.set_yticks(range(len(groups)), groups)
    axes.set_xlabel("taken for")
    axes.set_ylabel("meant")
    axes.set_title("Wrong first choices by group")
    figure.colorbar(picture)
    paths = [_save(figure, folder / "confusion.png")]
    figure, axes = pyplot.subplots(figsize=(5, 5))
    bins = report.bins()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot([mean for _, mean, _, _ in bins], [right for _, _, right, _ in bins], marker="o")
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("share right")
    axes.set_title(f"Reliability (expected error {report.expected_error():.3f})")
    paths.append(_save(figure, folder / "reliability.png"))
    figure, axes = pyplot.subplots(figsize=(5, 4))
    names = ["answer", "clarify", "unsure", "care"]
    axes.bar(names, [report.tiers.get(n, 0) for n in names])
    axes.set_title("What is done with the messages")
    paths.append(_save(figure, folder / "tiers.png"))
    return paths


def _save(figure: object, path: Path) -> Path:
    from matplotlib import pyplot

    figure.tight_layout()  # type: ignore[attr-defined]
    figure.savefig(path, dpi=110)  # type: ignore[attr-defined]
    pyplot.close(figure)  # type: ignore[arg-type]
    return path
