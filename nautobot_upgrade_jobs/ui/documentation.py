"""The documentation of this release: built pages of a wheel, or Markdown files of a checkout."""

from __future__ import annotations

import re
from pathlib import Path

import markdown
from django.utils.safestring import SafeString, mark_safe

PACKAGE = Path(__file__).parents[1]
BUILT = PACKAGE / "docs"
"""The built documentation. A wheel contains it. In a checkout, ``make site`` builds it."""
SOURCE = PACKAGE.parent / "docs"
"""The Markdown files of a checkout or of a Git repository with Jobs."""
TITLE = re.compile(r"^# (.{1,200})$", re.MULTILINE)


def find_source(path: str) -> Path | None:
    """Return the Markdown file of a page. None if there is no such file.

    Args:
        path: The address of the page, as in the files (``user/preflight.md``) or in the built
            documentation (``user/preflight.html``).
    """
    name = f"{path[:-5]}.md" if path.endswith(".html") else path
    try:
        file = (SOURCE / name).resolve()
        is_page = SOURCE.resolve() in file.parents and file.suffix == ".md" and file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return file if is_page else None


def render_source(file: Path) -> tuple[str, SafeString]:
    """Return the title and the HTML of a Markdown file of this release."""
    text = file.read_text("utf-8")
    found = TITLE.search(text)
    html = markdown.markdown(text, extensions=["fenced_code", "tables", "toc"])
    return found[1] if found else file.stem, mark_safe(html)  # noqa: S308 - a file of this release
