"""The available memory is the least that the host and the container leave."""

import pytest

from nautobot_upgrade_jobs.common.memory import available_mebibytes

HOST = {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    4096000 kB\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(HOST, 4000, id="host"),
        pytest.param(
            HOST | {"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "9999\n"},
            4000,
            id="container without a limit",
        ),
        pytest.param(
            HOST
            | {
                "sys/fs/cgroup/memory.max": f"{1000 << 20}\n",
                "sys/fs/cgroup/memory.current": f"{400 << 20}\n",
            },
            600,
            id="container with less than its host",
        ),
        pytest.param(
            HOST
            | {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{500 << 20}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{600 << 20}\n",
            },
            0,
            id="over the limit",
        ),
        pytest.param(
            HOST
            | {
                "proc/self/cgroup": "0::/system.slice/nautobot-worker.service\n",
                "sys/fs/cgroup/system.slice/memory.max": f"{2000 << 20}\n",
                "sys/fs/cgroup/system.slice/memory.current": f"{300 << 20}\n",
                "sys/fs/cgroup/system.slice/nautobot-worker.service/memory.max": "max\n",
                "sys/fs/cgroup/system.slice/nautobot-worker.service/memory.current": "5\n",
            },
            1700,
            id="limit of a service's slice",
        ),
        pytest.param(
            HOST
            | {
                "proc/self/cgroup": "5:cpu,memory:/nautobot\n1:name=systemd:/other\n",
                "sys/fs/cgroup/memory/nautobot/memory.limit_in_bytes": f"{900 << 20}\n",
                "sys/fs/cgroup/memory/nautobot/memory.usage_in_bytes": f"{100 << 20}\n",
            },
            800,
            id="limit of a service in version 1",
        ),
        pytest.param({}, 0, id="unknown"),
        pytest.param({"proc/meminfo": "MemFree: 5 kB\n"}, 0, id="an old kernel"),
    ],
)
def test_available_mebibytes_is_the_least_of_host_and_container(tmp_path, files, expected):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert available_mebibytes(tmp_path) == expected
