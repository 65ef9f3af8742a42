"""The text of a file as it lies on the disk: its first bytes, its encoding, its lines, packed or not."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from models.errors import FileFormatError

MAX_FIELD = 1_000_000
"""Characters in one value."""

MAX_LINE = 16 * MAX_FIELD
CHUNK = 1 << 16
_SAMPLE = 20_000
_COMMON_ROWS = frozenset(bytes([row]) for row in range(0xA1, 0xD8))
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file and the stack that closes, in every case, what is opened to read its rows."""

    path: Path
    stack: contextlib.ExitStack
    packed: bool = False

    def open(self) -> BinaryIO:
        """Its bytes from the beginning, unpacked."""
        return cast(BinaryIO, gzip.open(self.path, "rb")) if self.packed else self.path.open("rb")

    def fail(self, message: str, cause: BaseException | None = None) -> NoReturn:
        """Give the whole file up."""
        raise FileFormatError(f"{self.path.name}: {message}") from cause


def head(source: OpenFile, size: int) -> bytes:
    """The first bytes of a file, unpacked: at most ``size`` of them.

    Raises:
        FileFormatError: there is no such file, or it cannot be read.
    """
    try:
        with source.open() as stream:
            return stream.read(size) if not source.packed else next(_chunks(stream), b"")
    except FileNotFoundError as error:
        source.fail("there is no such file", error)
    except OSError as error:
        source.fail(f"cannot be read: {error.strerror or error}", error)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    # read1, because read loses what was unpacked before a break. A break ends this pass quietly: the rows
    # before it are wanted, and the pass that reads them reports it.
    with contextlib.suppress(EOFError, OSError, zlib.error):
        while chunk := cast(io.BufferedReader, stream).read1(CHUNK):
            yield chunk


def encoding_of(source: OpenFile, head: bytes) -> str:
    """The encoding of a text file that begins with ``head``: UTF-8, UTF-16 with a mark, or GB18030.

    Raises:
        FileFormatError: it is none of them, or no text at all.
    """
    # The whole file is tried, not only its beginning: a wrong guess would spoil the rows further down.
    if head.startswith(_UTF16):
        if _fit(source, "utf-16")[0]:
            source.fail("starts like UTF-16, but is not; save it as UTF-8")
        return "utf-16"
    wrong, cut, _ = _fit(source, "utf-8-sig")
    if wrong or cut:
        unfit, _, sample = _fit(source, "gb18030")
        if not unfit and _is_chinese(sample):
            return "gb18030"
    if wrong:
        source.fail(
            f"line {wrong} is not UTF-8 (nor is the file GB18030, or UTF-16 with a mark); save it as UTF-8"
        )
    return "utf-8-sig"


def _fit(source: OpenFile, encoding: str) -> tuple[int, bool, str]:
    """The line of the first wrong byte (0: none), whether the file ends in the middle of a character, and a
    sample of the characters beyond ASCII."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, sample, controls, seen = 1, "", 0, 0
    with source.open() as stream:
        for chunk in _chunks(stream):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                if b"\0" in chunk and encoding != "utf-16":
                    source.fail(f"holds NUL bytes after line {line}: binary data, not a table")
                return line + error.object[: error.start].count(b"\n"), False, sample
            if "\0" in text:
                where = line + text[: text.index("\0")].count("\n")
                source.fail(f"line {where} holds NUL bytes: binary data, or UTF-16 without a byte order mark")
            if seen < _SAMPLE:
                seen += len(text)
                controls += sum(1 for char in text if char < " " and char not in "\t\n\v\f\r")
                if controls > 8 + seen // 50:
                    source.fail("holds binary data, not a table")
            if len(sample) < _SAMPLE and not text.isascii():
                sample += "".join(char for char in text if char > "\x7f")[:_SAMPLE]
            line += text.count("\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return 0, True, sample
    return 0, False, sample


def _is_chinese(sample: str) -> bool:
    # Nearly every byte pair is some character in GB18030. Text uses the common ones (rows 1 to 55 of GB
    # 2312); Big5, Latin-1 and damaged UTF-8 read as GB18030 give many rare ones.
    common = sum(1 for char in sample if char.encode("gb2312", "ignore")[:1] in _COMMON_ROWS)
    return 4 * common >= 3 * len(sample)


def lines(source: OpenFile, encoding: str) -> Iterator[str | None]:
    """Lines with their ends; None for one that is too long to be held."""
    count = 0
    try:
        text = source.stack.enter_context(io.TextIOWrapper(source.open(), encoding, newline=""))
        while line := text.readline(MAX_LINE):
            long = len(line) == MAX_LINE and line[-1] not in "\r\n"
            while line and long and line[-1] not in "\r\n":
                line = text.readline(MAX_LINE)
            count += 1
            yield None if long else line
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        source.fail(f"is damaged or only half a file: it breaks off after line {count}", error)
