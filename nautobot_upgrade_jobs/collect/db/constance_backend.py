"""A backend of Constance for the trial boot: it reads the live settings and stores nothing."""

from __future__ import annotations

from typing import Any

from constance.backends.database import DatabaseBackend


class ReadOnlyBackend(DatabaseBackend):
    """Read the stored settings. Settings that code changes stay in the memory of this process."""

    def __init__(self) -> None:
        super().__init__()
        self._changed: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """Return the value of a setting; None for its default.

        A value that this release cannot read has the default. The migrations of Constance convert
        stored values.
        """
        if key in self._changed:
            return self._changed[key]
        try:
            return super().get(key)
        except Exception:  # noqa: BLE001 - decoding the value of another release can raise anything
            return None

    def set(self, key: str, value: Any) -> None:
        """Keep the value in memory."""
        self._changed[key] = value
