"""Files that contain facts."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from ..common.sealed_file import SealedFileError, SealedFormat
from .serialization import FactsFormatError, decode, encode


class Dated(Protocol):
    """What every such file contains."""

    @property
    def created(self) -> str:
        """The time of the facts, ISO 8601, UTC."""


T = TypeVar("T", bound=Dated)


class FactsFile(Generic[T]):
    """One kind of such files.

    Args:
        kind: The dataclass of the content.
        noun: What the content is, in one word.
    """

    def __init__(self, kind: type[T], noun: str) -> None:
        self.format = SealedFormat(noun)
        self._kind = kind

    def dump(self, content: T) -> bytes:
        """Return a content as file. Equal contents have equal files.

        Raises:
            SealedFileError: The file would be larger than `load` accepts.
        """
        return self.format.write(encode(content))

    def load(self, data: bytes) -> T:
        """Return the content of a file, equal to what was written.

        Args:
            data: The whole file.

        Raises:
            SealedFileError: The file is truncated, altered, too large, of a newer schema or of
                another kind.
        """
        try:
            content = decode(self._kind, self.format.read(data))
        except FactsFormatError as error:
            raise SealedFileError(
                f"The {self.format.noun} does not match the schema: {str(error)[:200]}"
            ) from None
        self.format.require_past_time(content.created)
        return content
