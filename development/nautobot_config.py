"""Settings of the embedded instances of every Nautobot line; the environment says what differs."""

import json
import os

from nautobot.core.settings import *  # noqa: F403
from nautobot.core.settings_funcs import parse_redis_connection

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
SECRET_KEY = "development-only-key-of-the-embedded-stack-0123456789"
INSTALLATION_METRICS_ENABLED = False

DATABASES = {
    "default": {
        "ENGINE": os.environ["NAUTOBOT_DB_ENGINE"],
        "NAME": os.environ["NAUTOBOT_DB_NAME"],
        "HOST": os.environ["NAUTOBOT_DB_HOST"],
        "PORT": os.environ["NAUTOBOT_DB_PORT"],
        "USER": os.environ["NAUTOBOT_DB_USER"],
        "PASSWORD": os.environ["NAUTOBOT_DB_PASSWORD"],
        "CONN_MAX_AGE": 300,
    }
}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"]["OPTIONS"] = {"charset": "utf8mb4"}

# Tests take other numbers than the running web process and worker: neither sees the other's tasks.
CACHES["default"]["LOCATION"] = parse_redis_connection(int(os.getenv("STACK_CACHE", "1")))  # noqa: F405
CACHES["default"]["KEY_PREFIX"] = os.getenv("STACK_CACHE_PREFIX", "")  # noqa: F405
CELERY_BROKER_URL = parse_redis_connection(int(os.getenv("STACK_BROKER", "0")))
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds until beat sees a new schedule

# The stack waits for the worker by this file.
CELERY_HEALTH_PROBES_AS_FILES = True
CELERY_WORKER_READINESS_FILE = os.path.join(os.environ["STACK_FOLDER"], "worker-ready")
CELERY_WORKER_HEARTBEAT_FILE = os.path.join(os.environ["STACK_FOLDER"], "worker-heartbeat")
CELERY_BEAT_HEARTBEAT_FILE = os.path.join(os.environ["STACK_FOLDER"], "beat-heartbeat")

# Tests that change files take a folder of their own: others compare the files of this instance.
if media := os.getenv("STACK_MEDIA_ROOT"):
    MEDIA_ROOT = media

PLUGINS = ["nautobot_upgrade_jobs", *filter(None, os.getenv("STACK_APPS", "").split(","))]
# A development container has a virtual environment, but no unit files.
block = {"deployment": json.loads(os.getenv("STACK_DEPLOYMENT", '{"layout": "virtualenv"}'))}
block["allow_rehearsal"] = True
block["rehearsal_directory"] = os.path.join(os.environ["STACK_FOLDER"], "rehearsals")
block["backup_directory"] = os.path.join(os.environ["STACK_FOLDER"], "backups")
if work := os.getenv("STACK_WORK"):  # the same target is built once, not for each test
    block |= {"work_directory": work, "keep_builds": 1}
PLUGINS_CONFIG["nautobot_upgrade_jobs"] = block  # noqa: F405
