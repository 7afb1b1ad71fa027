"""Rows in what the sample leaves empty and upgrades touch; read by ``nautobot-server shell``.

Twice on one database they are other rows, so it serves as a user's work after an upgrade, too.
"""

import contextlib
import uuid

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from nautobot.dcim.models import (
    Device,
    DeviceRedundancyGroup,
    Interface,
    InterfaceRedundancyGroup,
    InterfaceRedundancyGroupAssociation,
    Location,
    PowerFeed,
    PowerPanel,
    VirtualChassis,
)
from nautobot.extras.context_managers import web_request_context
from nautobot.extras.models import ScheduledJob, Status
from nautobot.ipam.models import IPAddress
from nautobot.users.models import User
from nautobot.virtualization.models import Cluster, ClusterType, VirtualMachine, VMInterface
from social_django.models import UserSocialAuth

mark = uuid.uuid4().hex[:6]
admin = User.objects.get(username="admin")


def up(model):
    return Status.objects.get_for_model(model).first()


with web_request_context(admin):
    kind = ClusterType.objects.create(name=f"Kind {mark}")
    cluster = Cluster.objects.create(name=f"Cluster {mark}", cluster_type=kind)
    machine = VirtualMachine.objects.create(
        name=f"Machine {mark}", cluster=cluster, status=up(VirtualMachine)
    )
    VMInterface.objects.create(name="eth0", virtual_machine=machine, status=up(VMInterface))
    group = DeviceRedundancyGroup.objects.create(
        name=f"Pair {mark}", status=up(DeviceRedundancyGroup)
    )
    for device in Device.objects.filter(name__startswith="edge-"):
        if hasattr(device, "clusters"):
            device.clusters.add(cluster)
        else:
            device.cluster = cluster
        device.device_redundancy_group, device.device_redundancy_group_priority = group, 1
        device.save()
    VirtualChassis.objects.create(name=f"Chassis {mark}")
    panel = PowerPanel.objects.create(
        name=f"Panel {mark}", location=Location.objects.get(name="Sample HQ")
    )
    PowerFeed.objects.create(name=f"Feed {mark}", power_panel=panel, status=up(PowerFeed))
    ports = InterfaceRedundancyGroup.objects.create(
        name=f"Ports {mark}", status=up(InterfaceRedundancyGroup), protocol="hsrp"
    )
    for port in Interface.objects.filter(device__name__startswith="edge-")[:2]:
        InterfaceRedundancyGroupAssociation.objects.create(
            interface_redundancy_group=ports, interface=port, priority=100
        )
    UserSocialAuth.objects.create(user=admin, provider="example", uid=mark)
    schedule = ScheduledJob.objects.first()
    if hasattr(schedule, "approved_by_user"):
        ScheduledJob.objects.filter(pk=schedule.pk).update(approved_by_user=admin)

    with contextlib.suppress(LookupError):
        definition = apps.get_model("extras", "ApprovalWorkflowDefinition").objects.create(
            name=f"Approval {mark}",
            model_content_type=ContentType.objects.get_for_model(ScheduledJob),
            weight=int(mark, 16) % 1000,
        )
        apps.get_model("extras", "ApprovalWorkflowStageDefinition").objects.create(
            approval_workflow_definition=definition,
            name="One of us",
            sequence=1,
            min_approvers=1,
            approver_group=Group.objects.get(name="sample operators"),
        )
    with contextlib.suppress(LookupError):
        monitor = apps.get_model("load_balancers", "HealthCheckMonitor").objects.create(
            name=f"Monitor {mark}", health_check_type="ping"
        )
        pool = apps.get_model("load_balancers", "LoadBalancerPool").objects.create(
            name=f"Pool {mark}",
            load_balancing_algorithm="round_robin",
            health_check_monitor=monitor,
        )
        apps.get_model("load_balancers", "VirtualServer").objects.create(
            name=f"Server {mark}",
            vip=IPAddress.objects.first(),
            load_balancer_pool=pool,
        )
    with contextlib.suppress(LookupError):
        apps.get_model("vpn", "VPN").objects.create(name=f"Tunnel {mark}", vpn_id=mark)
