"""A target is resolvable if nothing is incompatible or in conflict."""

from dataclasses import replace

from nautobot_upgrade_jobs.facts.resolution import AlternativeTarget

TARGET = AlternativeTarget("3.2.7", (), conflict=False, packages_changed=4, apps_changed=1)


def test_is_resolvable_without_obstacle_is_true():
    assert TARGET.is_resolvable


def test_is_resolvable_with_obstacle_is_false():
    assert not replace(TARGET, incompatible=("nautobot-example",)).is_resolvable
    assert not replace(TARGET, conflict=True).is_resolvable
