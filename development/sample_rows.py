"""Rows that Nautobot's factories leave out: what an upgrade touches and operators make by hand."""

from __future__ import annotations

import datetime
import uuid

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import (
    Cable,
    ConsolePort,
    ConsoleServerPort,
    Device,
    DeviceType,
    Interface,
    Location,
    LocationType,
    Manufacturer,
    PowerOutlet,
    PowerPort,
)
from nautobot.extras.context_managers import web_request_context
from nautobot.extras.models import (
    ComputedField,
    ConfigContext,
    CustomField,
    DynamicGroup,
    ExportTemplate,
    GraphQLQuery,
    Job,
    Relationship,
    RelationshipAssociation,
    Role,
    SavedView,
    ScheduledJob,
    Status,
    Webhook,
)
from nautobot.ipam.models import IPAddress, Prefix, get_default_namespace
from nautobot.users.models import ObjectPermission

from development.live import ensure_admin, refresh_jobs

NAMES = uuid.UUID("6f6d1d0e-8d0a-4c39-9c55-0d6a4b5a7f10")
DEVICES = ("edge-01", "edge-02", "edge-03", "edge-04")
LATER = datetime.datetime(
    2035, 1, 1, 4, tzinfo=datetime.timezone.utc
)  # no schedule fires in a test


def make(model, known_as, /, **fields):
    """Make a row whose id follows from its name, so that every build makes the same one."""
    row = model(pk=uuid.uuid5(NAMES, f"{model.__name__} {known_as}"), **fields)
    row.validated_save()
    return row


def status(model, name="Active"):
    """A status that this model may have."""
    return Status.objects.get_for_model(model).get(name=name)


def type_of(model):
    """The content type of a model."""
    return ContentType.objects.get_for_model(model)


def make_all() -> None:
    """Make everything; the devices as a user would, so that object changes are recorded."""
    admin = ensure_admin()
    refresh_jobs()
    with web_request_context(admin):
        devices = make_devices()
        make_cables(devices)
        make_addresses(devices)
    make_custom_fields(devices)
    make_relationship(devices)
    make_schedules(admin)
    make_queries()
    make_groups()
    make_permissions()
    make_templates(devices[0].location)
    make_views(admin)


def make_devices():
    """Four devices in one location, of a type without templates."""
    kind = make(LocationType, "site", name="Sample site")
    kind.content_types.set([type_of(Device), type_of(CircuitTermination)])
    place = make(Location, "hq", name="Sample HQ", location_type=kind, status=status(Location))
    maker = make(Manufacturer, "acme", name="Acme")
    model = make(DeviceType, "router", manufacturer=maker, model="Router 9000")
    role = make(Role, "edge", name="Sample edge", color="2196f3")
    role.content_types.set([type_of(Device)])
    shared = {"location": place, "device_type": model, "role": role, "status": status(Device)}
    return [make(Device, name, name=name, **shared) for name in DEVICES]


def make_cables(devices) -> None:
    """A ring of interface cables, and one each of console, power and circuit."""
    up = status(Interface)
    first, second = devices[:2]
    for device in devices:
        for port in ("eth0", "eth1", "eth2"):
            fields = {"name": port, "type": "1000base-t", "status": up}
            make(Interface, f"{device.name} {port}", device=device, **fields)
    for near, far in zip(devices, [*devices[1:], first], strict=True):
        connect(near.interfaces.get(name="eth0"), far.interfaces.get(name="eth1"))
    connect(
        make(ConsolePort, "con0", device=first, name="con0"),
        make(ConsoleServerPort, "line1", device=second, name="line1"),
    )
    connect(
        make(PowerPort, "psu0", device=first, name="psu0"),
        make(PowerOutlet, "out1", device=second, name="out1"),
    )
    provider = make(Provider, "wan", name="Sample carrier")
    kind = make(CircuitType, "mpls", name="Sample MPLS")
    fields = {
        "cid": "SAMPLE-1",
        "provider": provider,
        "circuit_type": kind,
        "status": status(Circuit),
    }
    circuit = make(Circuit, "wan", **fields)
    side = make(
        CircuitTermination, "wan A", circuit=circuit, term_side="A", location=first.location
    )
    connect(side, first.interfaces.get(name="eth2"))


def connect(near, far) -> None:
    """Cable two ports."""
    known_as = f"{near.pk} {far.pk}"
    connected = status(Cable, "Connected")
    make(
        Cable,
        known_as,
        termination_a=near,
        termination_b=far,
        type="cat6",
        status=connected,
        label=str(near),
    )


def make_addresses(devices) -> None:
    """A prefix, and an address on each device."""
    space = get_default_namespace()
    fields = {"prefix": "203.0.113.0/24", "namespace": space, "status": status(Prefix)}
    make(Prefix, "203.0.113.0/24", **fields)
    for number, device in enumerate(devices, start=1):
        text = f"203.0.113.{number}/24"
        address = make(IPAddress, text, address=text, namespace=space, status=status(IPAddress))
        device.interfaces.get(name="eth0").ip_addresses.add(address)
        device.primary_ip4 = address
        device.validated_save()


def make_custom_fields(devices) -> None:
    """Three custom fields with values, and a computed field over one."""
    for key, kind in (
        ("sample_owner", "text"),
        ("sample_rank", "integer"),
        ("sample_facts", "json"),
    ):
        field = make(CustomField, key, key=key, label=key.replace("_", " "), type=kind)
        field.content_types.set([type_of(Device), type_of(Location)])
    for number, device in enumerate(devices):
        device.refresh_from_db()
        device.cf.update(
            sample_owner="netops", sample_rank=number, sample_facts={"asn": 64500 + number}
        )
        device.validated_save()
    template = "{{ obj.name }} of {{ obj.cf.sample_owner }}"
    fields = {"label": "Sample line", "template": template, "fallback_value": "?"}
    make(ComputedField, "line", key="sample_line", content_type=type_of(Device), **fields)


def make_relationship(devices) -> None:
    """Which device backs up which."""
    fields = {"label": "Sample backup", "key": "sample_backup", "type": "one-to-one"}
    both = {"source_type": type_of(Device), "destination_type": type_of(Device)}
    backup = make(Relationship, "backup", **fields, **both)
    for one, other in (devices[:2], devices[2:]):
        fields = {"relationship": backup, "source": one, "destination": other}
        make(RelationshipAssociation, f"{one.name} {other.name}", **fields)


def make_schedules(admin) -> None:
    """Schedules of a Job from JOBS_ROOT and of one of Nautobot's own."""
    Job.objects.filter(module_name="sample_jobs").update(enabled=True)
    for known_as, interval, job_class in (
        ("daily", "daily", "Greet"),
        ("custom", "custom", "CountDevices"),
        ("cleanup", "weekly", "LogsCleanup"),
    ):
        job = Job.objects.get(job_class_name=job_class)
        fields = {
            "name": f"Sample {known_as}",
            "task": job.class_path,
            "job_model": job,
            "interval": interval,
            "crontab": "0 4 1 1 *" if interval == "custom" else "",
            "start_time": LATER,
            "user": admin,
            "kwargs": {"greeting": "good morning"} if job_class == "Greet" else {},
            "celery_kwargs": {"queue": "default", "nautobot_job_profile": False},
        }
        make(ScheduledJob, known_as, **fields)


def make_queries() -> None:
    """Saved GraphQL queries, one of them with a variable."""
    fields = "name interfaces { name cable { label } }"
    query = f"query ($name: [String]) {{ devices(name: $name) {{ {fields} }} }}"
    make(GraphQLQuery, "interfaces", name="Sample interfaces", query=query)
    query = "{ locations { name devices { name status { name } role { name } } } }"
    make(GraphQLQuery, "locations", name="Sample locations", query=query)


def make_groups() -> None:
    """Dynamic groups by filter."""
    for known_as, wanted in (
        ("by location", {"location": ["Sample HQ"]}),
        ("by name", {"name__ic": ["edge"]}),
    ):
        make(
            DynamicGroup,
            known_as,
            name=f"Sample {known_as}",
            content_type=type_of(Device),
            filter=wanted,
        )


def make_permissions() -> None:
    """A user who may see and change only the devices of one location, through a group."""
    operators, _ = Group.objects.get_or_create(name="sample operators")
    user, _ = get_user_model().objects.get_or_create(username="operator")
    user.set_password("operator")
    user.save()
    user.groups.add(operators)
    constraint = [{"location__name": "Sample HQ"}, {"name__startswith": "edge-"}]
    for known_as, models, actions, limit in (
        ("devices", [Device], ["view", "change"], constraint),
        ("interfaces", [Interface], ["view"], {"device__location__name": "Sample HQ"}),
        ("jobs", [Job, ScheduledJob], ["view", "run"], None),
    ):
        fields = {"name": f"Sample {known_as}", "actions": actions, "constraints": limit}
        permission = make(ObjectPermission, known_as, **fields)
        permission.object_types.set([type_of(model) for model in models])
        permission.groups.set([operators])


def make_templates(place) -> None:
    """A config context, an export template and a webhook."""
    context = make(
        ConfigContext,
        "ntp",
        name="Sample NTP",
        weight=500,
        data={"ntp": ["192.0.2.1", "192.0.2.2"]},
    )
    context.locations.set([place])
    code = "{% for device in queryset %}{{ device.name }}\n{% endfor %}"
    fields = {"name": "Sample names", "template_code": code, "file_extension": "txt"}
    make(ExportTemplate, "names", content_type=type_of(Device), **fields)
    fields = {
        "name": "Sample hook",
        "type_update": True,
        "payload_url": "https://hook.example.com/",
        "enabled": False,
    }
    make(Webhook, "hook", **fields).content_types.set([type_of(Device)])


def make_views(admin) -> None:
    """A saved view with a filter."""
    config = {
        "filter_params": {"location": ["Sample HQ"]},
        "pagination_count": 50,
        "sort_order": ["name"],
    }
    fields = {
        "name": "Sample devices",
        "owner": admin,
        "view": "dcim:device_list",
        "config": config,
    }
    make(SavedView, "devices", is_shared=True, **fields)
