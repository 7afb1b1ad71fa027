"""The media folder is known only if it exists."""

import pytest

from nautobot_upgrade_jobs.facts import Storage, Unavailable
from nautobot_upgrade_jobs.facts.storage import Folder, media_root


def storage(setting, *, exists):
    return Storage((Folder(setting, "/srv/media", exists, True, 0, 0, True),), "nautobot")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(storage("MEDIA_ROOT", exists=True), "/srv/media", id="existing folder"),
        pytest.param(storage("MEDIA_ROOT", exists=False), "", id="missing folder"),
        pytest.param(storage("STATIC_ROOT", exists=True), "", id="other setting"),
        pytest.param(Unavailable("denied"), "", id="unavailable"),
    ],
)
def test_media_root_returns_existing_folder_or_nothing(facts, expected):
    assert media_root(facts) == expected
