"""Models on disk: one folder a version, a pointer to the current one, its history for rolling back.

Stored with skops, not pickle: loading runs no code, and only the types listed here are accepted, whatever
a file names. A version is written beside the others and renamed into place, so that a killed process
leaves either the whole of it or nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.card import Card
from models.errors import ConflictError, InputError, ModelError, NotFoundError

if TYPE_CHECKING:
    from models.calibration import Bands
    from models.classifier import Classifier
    from models.examples import Examples
    from models.held_out import HeldOut

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_VERSION = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_HELD_OUT = "-held-out.npz"
_TRUSTED: list[str] = []
"""Beyond what skops trusts by default (scikit-learn and numpy) nothing is needed, so nothing is listed."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model ready for use; a model trained without priorities has none of its own.

    ``held_out`` is there after training only: what is loaded for use does not need it.
    """

    card: Card
    classifiers: dict[str, Classifier]
    examples: Examples
    held_out: Mapping[str, HeldOut] = field(default_factory=dict)


class ModelStore:
    """The folder of models."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> list[Card]:
        """The cards of all stored models, oldest first."""
        if not self.folder.is_dir():
            return []
        # A draft left by a killed process starts with a dot, which a pattern of pathlib's matches.
        names = [path.parent.name for path in self.folder.glob("*/card.json")]
        cards = [self.card(name) for name in names if _VERSION.fullmatch(name)]
        return sorted(cards, key=lambda card: (card.created_at, card.version))

    def next_version(self, name: str) -> str:
        """The next free version of a name: ``helpdesk`` gives ``helpdesk-1``, then ``helpdesk-2``.

        Raises:
            InputError: the name cannot be a folder.
        """
        if not _NAME.fullmatch(name):
            raise InputError("a model's name is small letters, digits, - and _", field="name")
        taken = [path.name for path in self.folder.glob(f"{name}-*")] if self.folder.is_dir() else []
        numbers = [int(tail) for entry in taken if (tail := entry[len(name) + 1 :]).isdigit()]
        return f"{name}-{max(numbers, default=0) + 1}"

    def save(self, model: StoredModel) -> StoredModel:
        """Write a new version. It is not promoted.

        Raises:
            ConflictError: the version exists.
            InputError: the version cannot be a folder.
        """
        import skops.io

        card = model.card
        if not _VERSION.fullmatch(card.version):
            raise InputError(f"{card.version!r} cannot be the name of a model", field="version")
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / card.version
        if target.exists():
            raise ConflictError(f"the model {card.version} exists already")
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.folder))
        try:
            for name, classifier in model.classifiers.items():
                skops.io.dump(classifier.parts, draft / f"{name}.skops")
            model.examples.save(draft / "examples.npz")
            for name, held in model.held_out.items():
                held.save(draft / f"{name}{_HELD_OUT}")
            (draft / "card.json").write_text(card.to_json(), encoding="utf-8")
            draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return model

    def card(self, version: str) -> Card:
        """The card of one version.

        Raises:
            NotFoundError: there is no such version.
        """
        path = self.folder / version / "card.json"
        if not _VERSION.fullmatch(version) or not path.is_file():
            raise NotFoundError(f"there is no model {version!r}", field="version")
        return Card.of_json(path.read_text(encoding="utf-8", errors="replace"))

    def load(self, version: str) -> StoredModel:
        """Read one version.

        Raises:
            NotFoundError: there is no such version.
            ModelError: its files are damaged or hold types that no model of ours has.
        """
        import skops.io

        # Not at the top: listing and promoting models need no scikit-learn.
        from models.anchors import gather
        from models.classifier import Classifier
        from models.examples import Examples

        card = self.card(version)
        examples = Examples.load(self.folder / version / "examples.npz")
        classifiers: dict[str, Classifier] = {}
        for name in card.labels:
            path = self.folder / version / f"{name}.skops"
            try:
                parts: dict[str, Any] = skops.io.load(path, trusted=_TRUSTED)
                made = Classifier.of_parts(parts)
                for other in classifiers.values():
                    made.share(other)
                classifiers[name] = made
            except Exception as error:  # a damaged archive can fail anywhere inside skops
                raise ModelError(f"the model {version} is damaged ({name}): {error}") from error
        gather([examples.anchors, *(own for made in classifiers.values() for own in made.anchors)])
        return StoredModel(card, classifiers, examples)

    def held_out(self, version: str) -> dict[str, HeldOut]:
        """What a version answered for each text while it was held out, by target; of versions that were
        trained before this was kept, nothing.

        Raises:
            NotFoundError: there is no such version.
            ModelError: a file is damaged.
        """
        from models.held_out import HeldOut

        card = self.card(version)
        paths = {name: self.folder / version / f"{name}{_HELD_OUT}" for name in card.labels}
        return {name: HeldOut.load(path) for name, path in paths.items() if path.is_file()}

    def rebanded(self, origin: str, card: Card, bands: Mapping[str, Bands]) -> Card:
        """Store a version anew under another card, with other thresholds. It is not promoted.

        Raises:
            NotFoundError: there is no such version.
            ConflictError: the new version exists.
        """
        import skops.io

        self.card(origin)
        target = self.folder / card.version
        if target.exists():
            raise ConflictError(f"the model {card.version} exists already")
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.folder))
        try:
            shutil.copytree(self.folder / origin, draft, dirs_exist_ok=True)
            thresholds = {
                name: {key: list(pair) for key, pair in own.thresholds.items()} for name, own in bands.items()
            }
            for name, own in thresholds.items():
                parts = skops.io.load(draft / f"{name}.skops", trusted=_TRUSTED)
                skops.io.dump({**parts, "bands": own}, draft / f"{name}.skops")
            card = replace(card, bands={**card.bands, **thresholds})
            (draft / "card.json").write_text(card.to_json(), encoding="utf-8")
            draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return card

    def current(self) -> str | None:
        """The promoted version, if there is one."""
        history = self._history()
        return history[-1] if history else None

    def promote(self, version: str) -> None:
        """Make a stored version the current one."""
        self.card(version)
        history = self._history()
        if not history or history[-1] != version:
            self._write([*history, version])

    def rollback(self) -> str:
        """Go back to the version that was current before; answers which.

        Raises:
            ConflictError: there was none.
        """
        history = self._history()
        if len(history) < 2:
            raise ConflictError("there is no earlier model to go back to")
        self._write(history[:-1])
        return history[-2]

    def _history(self) -> list[str]:
        path = self.folder / "current.json"
        if not path.is_file():
            return []
        try:
            history: list[str] = json.loads(path.read_text(encoding="utf-8"))["history"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is damaged: {error}") from error
        return history

    def _write(self, history: list[str]) -> None:
        draft = self.folder / ".current.json"
        draft.write_text(json.dumps({"history": history}), encoding="utf-8")
        draft.replace(self.folder / "current.json")
