"""Text to unit vectors, by any sentence-transformers model; one is loaded once for the whole process.

``use`` (the default) is the network of ``models.use_encoder``, ``hashing`` the model-free one of
``models.hashing_encoder``; anything else is a folder or a hub id of a sentence-transformers model.
Importing this module is cheap: the libraries behind it load with the first model.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

Vectors = NDArray[np.float32]
"""(texts, dimension), each row of length 1."""

DEFAULT = "use"
BATCH = 32
_FEW = 4

_lock = threading.Lock()
_loaded: dict[str, Encoder] = {}


class Encoder(Protocol):
    """What the product needs of an encoder."""

    @property
    def identity(self) -> str:
        """Names everything that shapes a vector: model and version. Equal identity, equal vectors."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Encode texts, in order; ``progress`` is told how many texts were done at each step."""


class SentenceEncoder:
    """A sentence-transformers model on the CPU. Safe to call from several threads.

    ``single`` is a quicker way to the same vector for one text, where the model has one.
    """

    def __init__(
        self, model: Any, identity: str, threads: int = 0, single: Callable[[str], Vectors] | None = None
    ) -> None:
        self._model = model
        self._identity = identity
        self._threads = threads or os.cpu_count() or 1
        self._single = single
        self._turn = threading.Lock()

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if len(texts) == 1 and self._single is not None:
            if progress is not None:
                progress(1)
            return self._single(texts[0])[None, :]
        parts = []
        step = len(texts) if progress is None else BATCH * 8
        with self._turn:
            for start in range(0, len(texts), step):
                batch = list(texts[start : start + step])
                parts.append(self._shared(batch))
                if progress is not None:
                    progress(len(batch))
        return np.concatenate(parts)

    def _shared(self, texts: list[str]) -> Vectors:
        """Encode texts, each thread its share of them.

        Threads that share one text wait for each other at every matrix product: where another process has one
        of the processors, that is most of the time. Those with texts of their own wait once, at the end.
        """
        shares = max(1, min(self._threads, len(texts) // _FEW))
        if shares == 1:
            return np.asarray(self._alone(texts), dtype=np.float32)
        # Neighbours in length go to different threads, so that all have about as much to do.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        places = [order[number::shares] for number in range(shares)]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with ThreadPoolExecutor(shares) as pool:
            for share, made in zip(
                places, pool.map(lambda share: self._alone([texts[i] for i in share]), places), strict=True
            ):
                vectors[share] = made
        return vectors

    def _alone(self, texts: list[str]) -> Any:
        import torch

        torch.set_num_threads(1)
        return self._model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)


def load_encoder(name: str = DEFAULT, threads: int = 0) -> Encoder:
    """The encoder of that name, loaded at the first call; ``threads`` 0 takes all processors for batches.

    Raises:
        ModelError: the model is not there or cannot be loaded.
    """
    with _lock:
        if name not in _loaded:
            _loaded[name] = _load(name, threads)
        return _loaded[name]


def _load(name: str, threads: int) -> Encoder:
    if name == "hashing":
        from models.hashing_encoder import HashingEncoder

        return HashingEncoder()
    # Nothing is ever fetched unasked: a hub id works where it lies in the local cache.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer

    if name == DEFAULT:
        from models.use_encoder import UseModule, weights_version

        module = UseModule()
        model = SentenceTransformer(modules=[module], device="cpu")
        return SentenceEncoder(
            model, f"use-multilingual-v3@{weights_version()}", threads, single=module.single
        )
    try:
        model = SentenceTransformer(name, device="cpu", local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"the encoder {name!r} cannot be loaded: {error}") from error
    return SentenceEncoder(model, _identity_of(name, model), threads)


def _identity_of(name: str, model: Any) -> str:
    """A folder is named by its own name and its weights' size, a hub id by its commit where known."""
    folder = Path(name)
    if folder.is_dir():
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return f"{folder.name}@{size}"
    commit = getattr(getattr(model, "model_card_data", None), "base_model_revision", None)
    return f"{name}@{commit}" if commit else name
