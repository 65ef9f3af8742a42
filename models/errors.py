"""The one error tree. It is rooted here, in the lowest package, so that every package may raise from it.

Each class has a stable ``code`` (clients may rely on it) and each instance a message for a person.
Which HTTP status a code becomes is decided in ``api.errors`` alone; the command line exits with 1.
"""

from __future__ import annotations


class TriageError(Exception):
    """Anything this product can explain to a person.

    Attributes:
        code: stable, machine-readable name of the kind of error.
        message: one sentence in plain words.
        field: the input field at fault, where there is one.
    """

    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InputError(TriageError):
    """What was sent cannot be used: empty, too long, wrong type, unknown label."""

    code = "invalid_input"


class TooLargeError(InputError):
    """What was sent is over a size limit of the settings."""

    code = "too_large"


class FileFormatError(InputError):
    """A table file that cannot be read: wrong encoding, wrong columns, half a file."""

    code = "bad_file"


class NotFoundError(TriageError):
    """No ticket, case, model or import of that id."""

    code = "not_found"


class ConflictError(TriageError):
    """The thing exists, but is not in a state that allows this."""

    code = "conflict"


class DataFileError(TriageError):
    """A file of ``data/`` is wrong. The message starts with ``file:line:``."""

    code = "bad_data_file"

    def __init__(self, file: str, line: int | None, message: str) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {message}")
        self.file = file
        self.line = line


class SettingsError(TriageError):
    """A setting has a value that cannot work."""

    code = "bad_setting"


class ModelError(TriageError):
    """A model is missing, damaged, or was made with another encoder or text version."""

    code = "model_unusable"


class IndexUnavailableError(TriageError):
    """The vector index cannot be reached or is owned by another process."""

    code = "index_unavailable"


class StorageError(TriageError):
    """The database or the disk refused: full, read-only, damaged, wrong version."""

    code = "storage_failed"
