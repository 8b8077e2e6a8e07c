"""The fine-tuned sentence encoder as a second opinion: int8 ONNX, one thread, absent where it cannot be loaded."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.core.linear import Floats, Head
from bot.core.semantic import clip_pieces, split_heads
from bot.core.wordpiece import WordPieces

log = logging.getLogger(__name__)
FOLDER = "models/encoder"


class Encoder:
    """Logits of all heads for one message."""

    def __init__(self, session: Any, pieces: WordPieces, sizes: Mapping[str, int]) -> None:
        """Take the ONNX session, the word pieces, and the number of classes of each head in order."""
        self._session = session
        self._pieces = pieces
        self._sizes = sizes

    def logits(self, tokens: Sequence[str]) -> Mapping[str, Floats] | None:
        """Return logits by head for the matcher's words, or None for an empty message."""
        if not tokens:
            return None
        ids = np.array([clip_pieces(self._pieces.encode(tokens))], dtype=np.int64)
        (logits,) = self._session.run(None, {"ids": ids, "mask": np.ones_like(ids)})
        return split_heads(logits[0].astype(np.float32), self._sizes)


def load_encoder(root: Path, heads: Mapping[str, Head]) -> Encoder | None:
    """Return the encoder under `root`, or None, said once in the log, where it is missing or does not fit the heads."""
    folder = root / FOLDER
    try:
        import onnxruntime

        made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
        if made["heads"] != {name: [str(label) for label in head.labels] for name, head in heads.items()}:
            log.warning("the encoder was trained for other intents; going on without it (run `unspoken train`)")
            return None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        pieces = WordPieces((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return None  # a checkout without the encoder works on words alone
    except Exception as error:  # noqa: BLE001, RUF100 - whatever the runtime raises, the lexical matcher goes on alone
        log.warning("no encoder (%s); going on without it", type(error).__name__)
        return None
    return Encoder(session, pieces, {name: len(head.labels) for name, head in heads.items()})
