"""The one composition root: builds every part from the settings, each when it is first needed.

Importing this module is cheap. What needs a model or the index loads them on use, so that commands that
need neither answer at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from models.card import FORM
from models.errors import IndexUnavailableError, ModelError, SettingsError, StorageError
from triage.settings import Settings

if TYPE_CHECKING:
    from kb.database import Database
    from kb.filters import Filters
    from kb.index import VectorIndex
    from kb.ledger import Question
    from kb.match import MatchCurve
    from kb.search import Wording
    from kb.transfer import Source
    from models.concepts import Lexicon
    from models.encoder import Encoder, Vectors
    from models.store import ModelStore, StoredModel
    from models.text import Analysis
    from triage.found import Hits
    from triage.index_watch import IndexWatch
    from triage.jobs import Jobs
    from triage.pipeline import Triager
    from triage.retrospect_keeper import RetrospectKeeper
    from triage.retrospective import Setting
    from triage.rules import Rules
    from triage.service import Service
    from triage.watch import Watch

_GROUP_CASES = 3
NO_MODEL = "there is no model yet: run `triage demo` once, or `triage train --promote`"


class Parts:
    """The product's parts. One instance a process; close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._turn = threading.RLock()
        self._model: StoredModel | None = None
        self._index: VectorIndex | None = None

    @cached_property
    def rules(self) -> Rules:
        """What the data files say, checked."""
        from triage import rules

        return rules.load(self.settings.data_folder)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The concepts that models are trained with; a trained model holds its own.

        Raises:
            DataFileError: a file of it is wrong.
        """
        from triage import concepts

        return concepts.load_lexicon(self.settings.data_folder)

    def adopt(self, rules: Rules) -> None:
        """Decide by other rules from the next request on."""
        self.__dict__["rules"] = rules

    @cached_property
    def database(self) -> Database:
        """The database, brought up to date.

        Raises:
            SettingsError: its address cannot be understood, or its driver is not installed.
        """
        from sqlalchemy.exc import ArgumentError

        from kb.database import Database

        try:
            database = Database(self.settings.database)
        except (ArgumentError, ImportError) as error:
            name = "TRIAGE_DATABASE_URL"
            raise SettingsError(f"{name}: no address of a database: {error}", field=name) from error
        database.upgrade()
        return database

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder; its libraries load here."""
        from models import text
        from models.encoder import load_encoder

        text.use_cache_dir(self.settings.home.resolve() / "cache")
        return load_encoder(self.settings.encoder, self.settings.threads)

    @cached_property
    def store(self) -> ModelStore:
        """Where models are kept."""
        from models.store import ModelStore

        return ModelStore(self.settings.home.resolve() / "models")

    def fits(self, version: str) -> bool:
        """Whether a stored model was made with the encoder, analyser and form in use."""
        from models import text

        card = self.store.card(version)
        made_with = (card.encoder, card.analyser, card.form)
        return made_with == (self.encoder.identity, text.ANALYSER_VERSION, FORM)

    @property
    def model(self) -> StoredModel:
        """The promoted model; another one once another is promoted.

        Raises:
            ModelError: none is promoted, or it was made with another encoder, analyser or form.
        """
        version = self.store.current()
        if version is None:
            raise ModelError(NO_MODEL)
        with self._turn:
            if self._model is None or self._model.card.version != version:
                if not self.fits(version):
                    from models import text

                    card = self.store.card(version)
                    raise ModelError(
                        f"the model {version} was made with {card.encoder}, analyser {card.analyser}, form "
                        f"{card.form}; in use are {self.encoder.identity}, {text.ANALYSER_VERSION}, {FORM}: "
                        "train it again"
                    )
                self._model = self.store.load(version)
            return self._model

    @property
    def match_file(self) -> Path:
        """Where the match curve of this encoder is kept."""
        from kb.documents import fingerprint

        return self.store.folder / f"match-{fingerprint(self.encoder)}.json"

    @cached_property
    def curve(self) -> MatchCurve:
        """What a search score is worth as a probability."""
        from kb.match import MatchCurve

        return MatchCurve.load(self.match_file)

    @property
    def source(self) -> Source:
        """How imported files are read."""
        from kb.transfer import Source
        from triage.rules import names

        return Source(self.settings.zone, names(self.rules.taxonomy), self.rules.mappings)

    @property
    def index_folder(self) -> Path:
        """Where the embedded index is."""
        return self.settings.home.resolve() / "index"

    def index(self, wait: float = 20.0) -> VectorIndex:
        """The vector index, opened at the first call. A Chroma server need not answer yet.

        Raises:
            IndexUnavailableError: another process has it.
        """
        from kb import index_state
        from kb.documents import fingerprint
        from kb.index import open_embedded, open_server

        def in_use() -> str:
            with self.database.reading() as session:
                return index_state.in_use(session, made)

        with self._turn:
            if self._index is None:
                made, width = fingerprint(self.encoder), self.encoder.dimension
                if self.settings.chroma_url:
                    self._index = open_server(self.settings.chroma_url, made, width, in_use=in_use)
                else:
                    self._index = open_embedded(self.index_folder, made, width, wait=wait, in_use=in_use)
            return self._index

    @cached_property
    def index_watch(self) -> IndexWatch:
        """Knows whether the index still lacks cases."""
        from triage.index_watch import IndexWatch

        return IndexWatch(self.database, self.index)

    def question(self, content: str) -> Question:
        """What a solution was used for, as later searches compare it."""
        from kb import masking
        from kb.documents import fingerprint
        from kb.ledger import Question
        from models import text

        vector = self.encoder.encode([masking.mask(text.clean(content)).text])[0]
        return Question(vector, fingerprint(self.encoder))

    @cached_property
    def _lookers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(4, thread_name_prefix="triage-words")

    def look_up(self, analysis: Analysis, limit: int) -> Future[Wording]:
        """Begin to look up a text's words in the archive."""
        from kb import search

        dimension, made_with = self.encoder.dimension, self.index().fingerprint

        def work() -> Wording:
            with self.database.reading() as session:
                return search.look_up(session, analysis, limit, dimension, made_with)

        return self._lookers.submit(work)

    def look_near(self, vector: Vectors, limit: int) -> Future[list[int]]:
        """Begin to look up the cases nearest to a vector."""
        from kb.candidates import reach_for

        return self._lookers.submit(self.index().nearest, vector, reach_for(limit))

    def find_cases(
        self,
        analysis: Analysis,
        vector: Vectors,
        limit: int,
        wording: Future[Wording] | None = None,
        near: Future[list[int]] | None = None,
        *,
        filters: Filters | None = None,
        category: str | None = None,
        language: str | None = None,
        faceted: bool = False,
    ) -> Hits:
        """Search the archive; without the index by words alone, which the answer says.

        ``category`` and ``language`` stand for filters of only these.
        """
        from kb import search
        from kb.filters import Filters
        from triage.found import FILLING, MEANING, Hits

        index = self.index()
        lacking = [FILLING] if self.index_watch.filling() else []

        seen: dict[int, list[int]] = {}  # hits and facets ask for the same

        def nearest(vector: Vectors, most: int) -> list[int]:
            if most not in seen:
                seen[most] = known(lambda: index.nearest(vector, most))
            return seen[most]

        def known(look: Callable[[], list[int]]) -> list[int]:
            try:
                return look()
            except (IndexUnavailableError, StorageError):
                lacking.append(MEANING)
                return []

        request = search.Request(
            analysis,
            vector,
            limit,
            filters or Filters(category=category, language=language),
            wording.result() if wording else None,
            known(near.result) if near else None,
            index.fingerprint,
            self.now(),
        )
        with self.database.reading() as session:
            hits = search.find(session, request, nearest, self.curve)
            counts = search.counted(session, request, nearest) if faceted else None
        return Hits(hits, lacking, counts)

    @property
    def triager(self) -> Triager:
        """Assesses tickets with the promoted model."""
        from triage.pipeline import Triager

        return Triager(
            encoder=self.encoder,
            model=self.model,
            rules=self.rules,
            look_up=self.look_up,
            look_near=self.look_near,
            find_cases=self.find_cases,
            timezone=self.settings.zone,
            max_text=self.settings.max_text,
        )

    @cached_property
    def watch(self) -> Watch:
        """What the watch for surges saw last."""
        from triage.watch import Watch

        return Watch()

    @cached_property
    def retrospects(self) -> RetrospectKeeper:
        """Computes retrospectives beside the requests."""
        from triage.retrospect_keeper import RetrospectKeeper

        return RetrospectKeeper(self.retrospect_setting, self.now)

    @cached_property
    def jobs(self) -> Jobs:
        """Long work beside the requests: training, comparing."""
        from triage.jobs import Jobs

        return Jobs(self.now)

    def retrospect_setting(self, running: Service | None = None) -> Setting:
        """What a retrospective is made with. Beside a running service, cases are asked of it."""
        from triage import service
        from triage.retrospective import Found, Setting

        def find_cases(content: str) -> list[Found]:
            from kb.match import FOUND
            from models.text import analyse
            from triage.assessment import search_json

            if running is not None:
                query: dict[str, str | int] = {"q": content[: self.settings.max_text], "limit": _GROUP_CASES}
                answer = service.call(running, "GET", "/api/v1/cases/search", query=query)
            else:
                vector = self.encoder.encode([content])[0]
                answer = search_json(self.find_cases(analyse(content), vector, _GROUP_CASES))
            return [
                Found(case["case_id"], case["match"], case["proven"]["worked"] > 0)
                for case in answer["cases"]
                if case["match"] >= FOUND
            ]

        return Setting(
            database=self.database,
            encoder=self.encoder,
            clocks=self.rules.clocks,
            zone=self.settings.zone,
            find_cases=find_cases,
            now=self.now(),
        )

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock."""
        return _now

    def close(self) -> None:
        """Let go of index and database."""
        with self._turn:
            if self._index is not None:
                self._index.close()
                self._index = None
            if "_lookers" in self.__dict__:
                self._lookers.shutdown()
            if "database" in self.__dict__:
                self.database.close()


def build(settings: Settings | None = None) -> Parts:
    """The parts for these settings, or for those of the environment.

    Raises:
        SettingsError: a setting has a value that cannot work.
    """
    from triage.settings import load_settings

    return Parts(settings or load_settings())


def _now() -> datetime:
    return datetime.now(UTC)
