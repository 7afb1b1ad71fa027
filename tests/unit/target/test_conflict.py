"""Finding the requirements that prevent a package set."""

from nautobot_upgrade_jobs.facts.packages import Package
from tests.support.installations import NEW, OLD, asked, versions
from tests.support.wheels import wheel


def test_resolve_two_conflicts_are_both_reported(index):
    wheel(index, "dep", "1.0")
    wheel(index, "dep", "2.0")
    apps = []
    for name, line in (("a", "lib<2"), ("b", "lib>=2"), ("c", "dep<2"), ("d", "dep>=2")):
        wheel(index, name, "1.0", NEW, line)
        apps.append(Package(name, "1.0", (NEW, line), ""))
    found = asked(index, *apps, apps=("example", "a", "b", "c", "d"))
    assert set(found.conflict) == {"a", "b", "c", "d"}
    assert len(found.excluded) == 2
    assert versions(found)["example"] == "2.0"


def test_resolve_conflict_reason_names_the_conflict(index):
    wheel(index, "stuck", "1.0", OLD)
    wheel(index, "a", "1.0", NEW, "lib<2")
    wheel(index, "b", "1.0", NEW, "lib>=2")
    more = [Package("stuck", "1.0", (OLD,), "")]
    more += [Package("a", "1.0", (NEW, "lib<2"), ""), Package("b", "1.0", (NEW, "lib>=2"), "")]
    found = asked(index, *more, apps=("stuck", "a", "b"))
    assert list(found.incompatible) == ["stuck"]
    assert "stuck" not in found.conflict_reason
    assert "lib" in found.conflict_reason


def test_find_incompatible_half_that_fits_is_not_divided(index, monkeypatch):
    from nautobot_upgrade_jobs.target.uv import Uv

    asked_ = []
    compile_ = Uv.compile
    monkeypatch.setattr(
        Uv, "compile", lambda self, *words: asked_.append(words) or compile_(self, *words)
    )
    apps = [Package(f"app{at}", "1.0", (), "") for at in range(64)]
    for one in apps:
        wheel(index, one.name, "1.0")
    wheel(index, "stuck", "1.0", OLD)
    names = (*(one.name for one in apps), "stuck")
    found = asked(index, *apps, Package("stuck", "1.0", (OLD,), ""), apps=names)
    assert list(found.incompatible) == ["stuck"]
    assert len(asked_) < 40


def test_resolve_incompatible_app_is_named_and_the_rest_resolved(index):
    wheel(index, "stuck", "1.0", OLD)
    found = asked(index, Package("stuck", "1.0", (OLD,), ""), apps=("example", "stuck"))
    assert list(found.incompatible) == list(found.excluded) == ["stuck"]
    assert "depend on nautobot<3" in found.incompatible["stuck"]
    assert versions(found) == {"nautobot": "3.2.7", "example": "2.0", "lib": "1.0"}
    assert not found.conflict


def test_resolve_apps_with_different_library_versions_conflict(index):
    wheel(index, "other", "1.0", OLD)
    wheel(index, "other", "2.0", NEW, "lib<2")
    wheel(index, "third", "2.0", NEW, "lib>=2")
    found = asked(
        index,
        Package("other", "1.0", (OLD,), ""),
        Package("third", "2.0", (NEW, "lib>=2"), ""),
        apps=("example", "other", "third"),
    )
    assert set(found.conflict) == {"other", "third"}
    assert found.excluded == ("third",)
    assert "lib" in found.conflict_reason
    assert versions(found)["other"] == "2.0"
    assert not found.incompatible
