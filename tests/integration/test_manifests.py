"""Manifests in a folder, read by a real Nautobot process."""

import pytest

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Manifests
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight

pytestmark = pytest.mark.once

CHART = """\
---
# Source: nautobot/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nautobot-default
  labels: {app.kubernetes.io/component: nautobot-default, helm.sh/chart: nautobot-3.1.2}
spec:
  replicas: 2
  progressDeadlineSeconds: 20
  template:
    spec:
      initContainers:
        - name: nautobot-init
          image: ghcr.io/nautobot/nautobot:2.4.44
          args: [echo, done]
          resources: {limits: {memory: 256Mi}}
      containers:
        - name: nautobot
          image: ghcr.io/nautobot/nautobot:2.4.44
          env:
            - {name: NAUTOBOT_DOCKER_SKIP_INIT, value: "true"}
            - {name: NAUTOBOT_DB_HOST, value: 192.0.2.10}
"""
FLUX = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: nautobot}
spec: {timeout: 5m, upgrade: {remediation: {retries: 3}}}
"""
TOPICS = ("manifests", "chart")
FINDINGS = {
    "manifests.concurrent_migrations:nautobot-default",
    "manifests.memory_limit_too_low:nautobot-default",
    "manifests.automatic_rollback:HelmRelease.nautobot",
    "manifests.other_server:nautobot-default.database",
    "chart.major_changes:3.1.2",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flux").mkdir()
    (tmp_path / "chart.yaml").write_text(CHART)
    (tmp_path / "flux" / "release.yml").write_text(FLUX)
    return tmp_path


def collect(folder):
    return collect_facts(topics=("manifests",), manifests=folder).manifests


@pytest.mark.network
def test_preflight_reports_what_the_manifests_do(folder, clone):
    with clone("sample"):
        request = RunRequest(target="3.2.7", build=False, manifests=str(folder))
        report = run_preflight(request)
        without = run_preflight(RunRequest(target="3.2.7", build=False))
    found = {one.key for one in report.findings() if one.topic in TOPICS}
    assert found >= FINDINGS
    assert not [one for one in without.findings() if one.topic in TOPICS]
    assert without.verdict == report.verdict, "no check is lost without manifests"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bad.yaml", b"a: [1", "ParserError"),
        ("tag.yaml", b"!!python/object/apply:os.system [id]", "ConstructorError"),
        ("binary.yml", b"\xff\xfe\x00", "UnicodeDecodeError"),
        ("bad.json", b"{", "ParserError"),
        ("wrong.yaml", b"kind: Deployment\nspec: {replicas: many}", "ValueError"),
    ],
)
def test_unreadable_file_is_reported_and_hides_no_other(folder, name, data, reason):
    (folder / name).write_bytes(data)
    found = collect(folder)
    assert reason in found.unreadable[name]
    assert [one.name for one in found.workloads] == ["nautobot-default"]
    assert [one.name for one in found.controllers] == ["nautobot"]


def test_deeply_nested_file_is_reported(folder):
    (folder / "deep.yaml").write_text("[" * 100_000)
    assert set(collect(folder).unreadable) == {"deep.yaml"}


def test_empty_folder_is_reported(tmp_path):
    assert "contains no" in collect(tmp_path).unreadable["."]


def test_no_folder_is_no_manifest():
    assert collect(None) == Manifests()


def test_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        run_preflight(RunRequest(manifests=str(tmp_path / "nothing")))


def test_objects_of_several_files_belong_together(tmp_path):
    """As `helm template --output-dir` writes them."""
    (tmp_path / "configmap.yaml").write_text(
        "kind: ConfigMap\nmetadata: {name: env}\ndata: {NAUTOBOT_DB_HOST: old.example.org}\n"
    )
    (tmp_path / "hpa.yaml").write_text(
        "kind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {name: web}, maxReplicas: 5}\n"
    )
    (tmp_path / "web.yaml").write_text(
        "kind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: ["
        "{image: nautobot/nautobot:2.4.44, envFrom: [{configMapRef: {name: env}}]}]}}}\n"
    )
    (web,) = collect(tmp_path).workloads
    assert (web.replicas, web.hosts) == (5, {"database": "old.example.org"})
