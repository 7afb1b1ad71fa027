"""Objects of Flux and Argo CD, and the version of the chart that they install."""

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.chart_range import LARGEST_MAJOR
from nautobot_upgrade_jobs.collect.manifest_files.gitops import read_charts, read_controllers
from nautobot_upgrade_jobs.facts.manifests import Deadline


@pytest.mark.parametrize(
    ("upgrade", "rolls_back"),
    [
        ({}, False),
        ({"remediation": {"retries": 0}}, False),
        ({"remediation": {"retries": 3}}, True),
        ({"remediation": {"retries": 3, "strategy": "uninstall"}}, True),
        ({"remediation": {"remediateLastFailure": True}}, True),
        ({"remediation": None}, False),
    ],
)
def test_flux_rolls_back_only_with_remediation(upgrade, rolls_back):
    spec = {"timeout": "20m", "upgrade": upgrade}
    (one,) = read_controllers(
        [{"kind": "HelmRelease", "metadata": {"name": "n"}, "spec": spec}], "flux.yaml"
    )
    assert bool(one.rollback) is rolls_back
    assert one.deadlines == (Deadline("timeout of the HelmRelease", 1200),)


@pytest.mark.parametrize(
    ("policy", "reverts"),
    [
        (None, ""),
        ({"automated": None}, ""),
        ({"automated": {"prune": True}}, ""),
        ({"automated": {"selfHeal": True}}, "selfHeal"),
    ],
)
def test_argo_reverts_changes_only_with_self_heal(policy, reverts):
    one = {"kind": "Application", "metadata": {"name": "n"}, "spec": {"syncPolicy": policy}}
    (found,) = read_controllers([one], "argo.yaml")
    assert (found.reverts, found.rollback) == (reverts, "")


def rendered(label):
    return {"kind": "Service", "metadata": {"name": "n", "labels": {"helm.sh/chart": label}}}


@pytest.mark.parametrize(
    ("one", "version", "majors"),
    [
        (rendered("nautobot-3.1.2"), "3.1.2", (3,)),
        (rendered("nautobot-2.0.5-beta.1"), "2.0.5-beta.1", (2,)),
        (
            {
                "kind": "HelmRelease",
                "spec": {"chart": {"spec": {"chart": "nautobot", "version": "3.x"}}},
            },
            "3.x",
            (3,),
        ),
        (
            {
                "kind": "HelmRelease",
                "spec": {"chart": {"spec": {"chart": "./charts/nautobot", "version": ">=2 <4"}}},
            },
            ">=2 <4",
            (2, 3),
        ),
        (
            {
                "kind": "Application",
                "spec": {"source": {"chart": "nautobot", "targetRevision": "~3.1"}},
            },
            "~3.1",
            (3,),
        ),
        (
            {
                "kind": "Application",
                "spec": {
                    "sources": [
                        {"ref": "values", "repoURL": "https://git.example.org"},
                        {"chart": "nautobot", "targetRevision": "3.1.2"},
                    ]
                },
            },
            "3.1.2",
            (3,),
        ),
        (
            {
                "kind": "ApplicationSet",
                "spec": {
                    "template": {"spec": {"source": {"chart": "nautobot", "targetRevision": "2.x"}}}
                },
            },
            "2.x",
            (2,),
        ),
        (
            {"kind": "HelmRelease", "spec": {"chart": {"spec": {"chart": "nautobot"}}}},
            "*",
            tuple(range(LARGEST_MAJOR + 1)),
        ),
    ],
)
def test_read_charts_finds_versions_of_nautobots_chart(one, version, majors):
    (chart,) = read_charts([one], "x.yaml")
    assert (chart.version, chart.majors, chart.file) == (version, majors, "x.yaml")
    assert chart.is_rendered is (one["kind"] == "Service")


@pytest.mark.parametrize(
    "one",
    [
        rendered("postgresql-16.6.0"),
        rendered("nautobot"),
        rendered(""),
        {"kind": "HelmRelease", "spec": {"chartRef": {"name": "nautobot"}}},
        rendered("nautobot-operator-1.0.2"),
        {"kind": "Application", "spec": {"source": {"path": "nautobot", "targetRevision": "1"}}},
        {},
    ],
)
def test_read_charts_finds_no_other_version(one):
    assert list(read_charts([one], "x.yaml")) == []
