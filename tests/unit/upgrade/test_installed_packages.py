"""Metadata of installed distributions is read from their files."""

import sys

import pytest

from nautobot_upgrade_jobs.upgrade.installed_packages import (
    find_owning_package,
    list_installed_packages,
    list_migration_files,
)

METADATA = """Metadata-Version: 2.1
Name: {name}
Version: {version}
Requires-Python: >=3.10
Requires-Dist: nautobot>=2.4

Name: not-a-header
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution in one of two folders, the only ones."""
    folders = [tmp_path / "first", tmp_path / "second"]
    monkeypatch.setattr(sys, "path", [str(folder) for folder in folders])

    def install(name, version, record=(), folder=0, direct_url=""):
        info = folders[folder] / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(METADATA.format(name=name, version=version))
        (info / "RECORD").write_text("\n".join(record))
        if direct_url:
            (info / "direct_url.json").write_text(direct_url)
        return folders[folder]

    return install


def test_list_installed_packages_sorts_by_name_and_reads_headers_only(install):
    install("my-app", "1.2")
    install("Another", "3.0")
    first, second = list_installed_packages()
    assert (first.name, second.name, second.version) == ("Another", "my-app", "1.2")
    assert (second.requires, second.requires_python) == (("nautobot>=2.4",), ">=3.10")
    assert not second.local


def test_list_installed_packages_same_name_twice_keeps_the_first_on_the_path(install):
    install("my-app", "2.0", folder=1)
    install("My-App", "1.0", folder=0)
    (package,) = list_installed_packages()
    assert package.version == "1.0"


@pytest.mark.parametrize(
    ("direct_url", "local"),
    [
        pytest.param('{"url": "file:///srv/my-app"}', True, id="folder"),
        pytest.param('{"url": "https://git.example/my-app"}', False, id="repository"),
    ],
)
def test_list_installed_packages_marks_local_files(install, direct_url, local):
    install("my-app", "1.0", direct_url=direct_url)
    (package,) = list_installed_packages()
    assert package.local is local


def test_find_owning_package_finds_a_distribution_by_the_modules_name(install):
    install("my_app", "1.0")
    assert find_owning_package("my_app.views").version == "1.0"


def test_find_owning_package_other_name_is_found_by_its_files(install):
    install("vendor-app", "1.0", record=["my_app/__init__.py,sha256=x,1"])
    assert find_owning_package("my_app").name == "vendor-app"


def test_find_owning_package_unknown_module_returns_none(install):
    install("vendor-app", "1.0", record=["other/__init__.py,,"])
    assert find_owning_package("my_app") is None


def test_list_migration_files_returns_recorded_migrations_only(install):
    record = ["my_app/migrations/0001_initial.py,sha256=x,1", "my_app/models.py,sha256=x,1"]
    folder = install("my-app", "1.0", record=record)
    assert list_migration_files() == {folder / "my_app/migrations/0001_initial.py"}


@pytest.mark.parametrize(("name", "local"), [("my-app", True), ("nautobot", False)])
def test_list_installed_packages_nautobot_from_a_checkout_is_on_the_index(install, name, local):
    install(name, "2.4.44", direct_url='{"url": "file:///opt/nautobot", "dir_info": {}}')
    (package,) = list_installed_packages()
    assert package.local is local
