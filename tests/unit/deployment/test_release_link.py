"""Links in the path of an environment: only the folder of a release makes a release link."""

import pytest

from nautobot_upgrade_jobs.deployment.release_link import find_symbolic_links


@pytest.mark.parametrize(
    ("link", "target", "below", "is_release"),
    [
        ("nautobot", "nautobot-2.4.44", "", True),
        ("nautobot", "nautobot-2.4.44", "venv", True),
        ("current", "releases/2.4.44", "venv", True),
        ("current", "releases/v2.4.44", "", True),
        ("nautobot", "nautobot_2.4", "", True),
        ("opt", "data/opt", "nautobot/venv", False),
        ("nautobot", "data/nautobot", "venv", False),
        ("python", "python-3.11", "", False),
        ("current", "releases/20261127", "venv", False),
        ("current", "releases/2.4.4", "venv", False),
    ],
)
def test_find_symbolic_links_recognizes_the_folder_of_a_release(
    tmp_path, link, target, below, is_release
):
    (tmp_path / target / below).mkdir(parents=True)
    (tmp_path / link).symlink_to(target)
    found = find_symbolic_links([tmp_path / link / below], "2.4.44")
    path = str(tmp_path / link)
    assert found == ((path, "") if is_release else ("", path))


def test_find_symbolic_links_without_a_link_finds_none(tmp_path):
    (tmp_path / "nautobot-2.4.44").mkdir()
    assert find_symbolic_links([tmp_path / "nautobot-2.4.44"], "2.4.44") == ("", "")


def test_find_symbolic_links_above_a_release_link_is_another_link(tmp_path):
    (tmp_path / "data" / "nautobot-2.4.44").mkdir(parents=True)
    (tmp_path / "opt").symlink_to("data")
    (tmp_path / "data" / "nautobot").symlink_to("nautobot-2.4.44")
    opt = tmp_path / "opt"
    found = find_symbolic_links([opt / "nautobot"], "2.4.44")
    assert found == (str(opt / "nautobot"), str(opt))
