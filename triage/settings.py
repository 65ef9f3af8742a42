"""Every setting there is: environment variables with the prefix ``TRIAGE_``, or lines of a file ``.env``."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.errors import SettingsError

_CHECKOUT_DATA = Path(__file__).resolve().parent.parent / "data"


class Settings(BaseSettings):
    """One value per setting; each says what it is for."""

    model_config = SettingsConfigDict(
        env_prefix="TRIAGE_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(Path("var"), description="State directory: database, index, models, caches.")
    database_url: str = Field(
        "", description="SQLAlchemy address of the database; empty: SQLite in the state directory."
    )
    chroma_url: str = Field(
        "", description="Address of a Chroma server; empty: the index is embedded in the service."
    )
    encoder: str = Field(
        "use", description="`use`, `hashing` (no model, for trials), or any sentence-transformers model."
    )
    data: Path | None = Field(
        None, description="An organisation's own copy of data/; empty: the copy that came with the program."
    )
    timezone: str = Field("Asia/Shanghai", description="Zone of naive times in imports and of working hours.")
    host: str = Field("127.0.0.1", description="Address the service listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the service listens on; 0: a free one.")
    plain_http: bool = Field(
        False,
        description="Cookies also over http, for intranets without TLS.",
    )
    demo: bool = Field(False, description="A demonstration, with an account for each role.")
    open_metrics: bool = Field(False, description="Whether /metrics is open without signing in.")
    max_text: int = Field(100_000, ge=100, description="Longest text of a ticket, in characters.")
    max_body: int = Field(1_000_000, ge=1000, description="Largest JSON body of a request, in bytes.")
    max_upload: int = Field(500_000_000, ge=1000, description="Largest file to import, in bytes.")
    top_k: int = Field(5, ge=1, le=50, description="Similar cases shown with an assessment.")
    threads: int = Field(0, ge=0, description="Threads of the encoder; 0: as many as there are processors.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        """The database's address with the default filled in."""
        return self.database_url or f"sqlite:///{(self.home / 'triage.db').resolve()}"

    @property
    def data_folder(self) -> Path:
        """The folder of data files in force: the organisation's, the wheel's, or the checkout's.

        Raises:
            SettingsError: ``TRIAGE_DATA`` is no folder.
        """
        if self.data is not None:
            if not self.data.is_dir():
                raise SettingsError(f"TRIAGE_DATA: {self.data} is no folder", field="TRIAGE_DATA")
            return self.data
        packed = Path(str(resources.files("triage"))) / "_data"
        return packed if packed.is_dir() else _CHECKOUT_DATA


def load_settings() -> Settings:
    """The settings in force.

    Raises:
        SettingsError: one of them has a value that cannot work; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "TRIAGE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']}", field=name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env cannot be read: {error}") from error
