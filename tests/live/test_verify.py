"""Verify Migrations on a healthy instance, and on one with each fault that upgrades leave behind.

Each fault is planted on a private clone: exactly it is found, and what its finding tells to do
leads back to GO.
"""

import pytest
from django.conf import settings
from django.core.management import call_command
from nautobot.core.celery import app as celery

SINCE_3_2 = settings.VERSION.startswith("3.2")


@pytest.fixture(scope="module", autouse=True)
def _as_after_an_upgrade(instance):
    """Static files are collected, and the running worker may be asked for its identity."""
    call_command("collectstatic", interactive=False, verbosity=0)
    private = celery.conf.broker_url
    celery.conf.broker_url = instance.env("nautobot")["STACK_BROKER_URL"]
    yield
    celery.conf.broker_url = private
