"""The engine from the fitted file, refitting it when content or code have changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.content.encoder import load_encoder
from bot.content.lexicon import load_lexicon
from bot.content.modelfile import Fitted, content_key, load_model, model_path, save_model
from bot.content.safetyfiles import load_rules
from bot.content.tuning import default_tuning, load_tuning
from bot.core.engine import Engine
from bot.core.lexicon import Lexicon
from bot.core.repair import Repairer
from bot.errors import ContentError, ModelError

MODEL_FOLDER = "model"


def load_engine(
    root: Path,
    data_dir: Path,
    progress: Callable[[float], None] | None = None,
    *,
    semantic: bool = True,
    tuned: bool = True,
) -> Engine:
    """Return the engine; fits and stores the matcher first where no current one is stored.

    `semantic` False leaves the sentence encoder out, `tuned` False the stored thresholds.

    Raises ContentError when content files are broken.
    """
    lexicon, problems = load_lexicon(root)
    rules, more = load_rules(root)
    tuning, most = load_tuning(root) if tuned else (default_tuning(), ())
    if problems or more or most:
        raise ContentError((*problems, *more, *most))
    fitted = load_or_fit(root, data_dir, lexicon, progress)
    return Engine(
        lexicon=lexicon,
        repairer=Repairer(fitted.counts, lexicon.english),
        model=fitted.model,
        rules=rules,
        tuning=tuning["lexical"],
        semantic=load_encoder(root, fitted.model.heads) if semantic else None,
        semantic_tuning=tuning["semantic"],
    )


def load_or_fit(
    root: Path, data_dir: Path, lexicon: Lexicon, progress: Callable[[float], None] | None = None
) -> Fitted:
    """Return the stored matcher for the present content, else fit it and store it where that is possible."""
    path = model_path(data_dir / MODEL_FOLDER, content_key(root))
    if path.exists():
        try:
            return load_model(path)
        except ModelError:
            path.unlink(missing_ok=True)
    from bot.content.fit import fit, load_corpus  # brings scipy, which only a fit needs

    fitted = fit(load_corpus(root), lexicon, progress)
    try:
        save_model(path, fitted)
        return load_model(path)
    except OSError:
        return fitted  # a read-only data folder costs a refit at each start, not the service
