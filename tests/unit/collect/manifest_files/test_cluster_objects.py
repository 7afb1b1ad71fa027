"""References to objects of other files and of other namespaces."""

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.cluster_objects import ClusterObjects


def config_map(name, namespace="", **data):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"kind": "ConfigMap", "metadata": metadata, "data": data}


FROM_MAP = {"envFrom": [{"configMapRef": {"name": "env"}}]}
FROM_KEY = {
    "env": [
        {
            "name": "NAUTOBOT_DB_HOST",
            "valueFrom": {"configMapKeyRef": {"name": "env", "key": "NAUTOBOT_DB_HOST"}},
        }
    ]
}


@pytest.mark.parametrize("container", [FROM_MAP, FROM_KEY])
@pytest.mark.parametrize(
    ("own", "namespace", "host"),
    [("", "", "db"), ("a", "a", "db"), ("", "a", "db"), ("a", "", "db"), ("b", "a", None)],
)
def test_variables_are_those_of_the_config_map(container, own, namespace, host):
    cluster = ClusterObjects([config_map("env", own, NAUTOBOT_DB_HOST="db")])
    assert cluster.variables(container, namespace).get("NAUTOBOT_DB_HOST") == host


def test_variable_of_the_container_replaces_that_of_the_config_map():
    cluster = ClusterObjects([config_map("env", NAUTOBOT_DB_HOST="db")])
    container = {**FROM_MAP, "env": [{"name": "NAUTOBOT_DB_HOST", "value": "own"}]}
    assert cluster.variables(container, "")["NAUTOBOT_DB_HOST"] == "own"


@pytest.mark.parametrize(("name", "largest"), [("web", 5), ("other", 0)])
def test_largest_replicas_are_those_of_the_autoscaler(name, largest):
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"namespace": "a"},
        "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicas": 5},
    }
    cluster = ClusterObjects([scaler])
    assert cluster.largest_replicas({"metadata": {"name": name}}) == largest
    assert cluster.largest_replicas({"metadata": {"name": name, "namespace": "b"}}) == 0
