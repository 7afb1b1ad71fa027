"""Rows of Nautobot 1.6 that the migrations to 2.x refuse, lose or rename.

``nautobot-server shell`` of 1.6.32 runs this file from its standard input. A user can do the same
in the web UI or by REST, unless a comment says otherwise.
"""

import datetime

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.dcim.models import (
    Device,
    DeviceRole,
    DeviceType,
    Interface,
    Location,
    LocationType,
    Manufacturer,
    Region,
    Site,
    VirtualChassis,
)
from nautobot.extras.models import (
    CustomField,
    DynamicGroup,
    ExportTemplate,
    ScheduledJob,
    Status,
)
from nautobot.ipam.models import VRF, IPAddress, Prefix

ACTIVE = Status.objects.get(slug="active")
OF_DEVICES, OF_SITES, OF_ROLES = map(ContentType.objects.get_for_model, (Device, Site, DeviceRole))
site = Site.objects.create(name="Campus", slug="campus", status=ACTIVE)
maker = Manufacturer.objects.create(name="Maker", slug="maker")
model = DeviceType.objects.create(manufacturer=maker, model="Switch", slug="switch")
role = DeviceRole.objects.create(name="Edge", slug="edge")
device = Device.objects.create(
    name="edge-01", site=site, device_type=model, device_role=role, status=ACTIVE
)
parent = Region.objects.create(name="Europe", slug="europe")
child = Region.objects.create(name="Berlin", slug="berlin", parent=parent)
same = Site.objects.create(name="Berlin", slug="berlin", region=parent, status=ACTIVE)
kind = LocationType.objects.create(name="Room", slug="room")
rooms = [
    Location(name="Lab", slug=slug, location_type=kind, site=site, status=ACTIVE).save()
    for slug in ("lab-1", "lab-2")  # by the ORM: the form refuses it
]
reserved = LocationType(name="Region", slug="region").save()  # by the ORM: the form refuses it
port = Interface.objects.create(device=device, name="eth0", type="virtual", status=ACTIVE)
vrf = VRF.objects.create(name="red")
addresses = [
    IPAddress.objects.create(address="10.0.0.1/24", status=ACTIVE, assigned_object=port),
    IPAddress.objects.create(address="10.0.0.2/24", status=ACTIVE, assigned_object=port, vrf=vrf),
]
chassis = [VirtualChassis.objects.create(name="Stack") for _ in range(2)]
templates = [
    ExportTemplate.objects.create(name="List", content_type=each, template_code="x")
    for each in (OF_DEVICES, OF_SITES)
]
leaver = get_user_model().objects.create(username="leaver")
schedule = ScheduledJob.objects.create(
    name="Nightly",
    task="nautobot.extras.jobs.scheduled_job_handler",
    job_class="local/x/Y",
    interval="daily",
    start_time=datetime.datetime(2035, 1, 1, tzinfo=datetime.timezone.utc),
    user=leaver,
    kwargs={"user": str(leaver.pk)},
)
gone = leaver.delete()
group = DynamicGroup.objects.create(
    name="Devices of the campus",
    slug="campus",
    content_type=OF_DEVICES,
    filter={"site": ["campus"]},
)
field = CustomField.objects.create(name="cost-center", slug="cost-center", label="x", type="text")
assigned = field.content_types.set([OF_ROLES])
role._custom_field_data = {"cost-center": "4711"}
saved = role.save()
prefixes = [
    Prefix.objects.create(prefix="10.1.0.0/24", status=ACTIVE, vrf=each) for each in (None, vrf)
]
print("planted")
