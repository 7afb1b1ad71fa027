"""What every database needs before it is used; imported after ``nautobot.setup()``."""

from __future__ import annotations

import os

from django.apps import apps
from django.contrib.auth import get_user_model
from nautobot.extras.models import Job
from nautobot.extras.signals import refresh_job_models
from nautobot.users.models import Token


def ensure_admin():
    """Have the superuser, with the well-known password and API token."""
    rights = {"is_superuser": True, "is_staff": True, "is_active": True}
    user, created = get_user_model().objects.get_or_create(
        username=os.environ["STACK_LOGIN"], defaults=rights
    )
    if created:
        user.set_password(os.environ["STACK_LOGIN"])
        user.save()
    Token.objects.get_or_create(user=user, key=os.environ["STACK_TOKEN"])
    return user


def refresh_jobs():
    """Bring the Job records in line with the code, and enable ours: Nautobot adds them disabled."""
    refresh_job_models(sender=None, apps=apps)
    ours = Job.objects.filter(module_name__startswith="nautobot_upgrade_jobs.")
    ours.filter(enabled=False).update(enabled=True)
