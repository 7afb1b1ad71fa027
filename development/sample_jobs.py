"""Jobs of an installation's own, as found in JOBS_ROOT; the stack copies this file there."""

from nautobot.apps.jobs import BooleanVar, Job, ObjectVar, StringVar, register_jobs
from nautobot.dcim.models import Device, Location

name = "Sample"


class CountDevices(Job):
    """Counts the devices of a location."""

    location = ObjectVar(model=Location, required=False)
    include_children = BooleanVar(default=True)

    class Meta:
        """Shown in the Job's form."""

        name = "Count devices"
        has_sensitive_variables = False

    def run(self, *, location=None, include_children=True):
        """Log and return the number."""
        devices = Device.objects.all()
        if location:
            places = location.descendants(include_self=True) if include_children else [location]
            devices = devices.filter(location__in=places)
        self.logger.info("%s devices", devices.count())
        return devices.count()


class Greet(Job):
    """Greet the user."""

    greeting = StringVar(default="hello")

    class Meta:
        """Shown in the Job's form."""

        name = "Greet"
        has_sensitive_variables = False

    def run(self, *, greeting="hello"):
        """Log the greeting."""
        self.logger.info("%s, world", greeting)
        return greeting


register_jobs(CountDevices, Greet)
