"""Rows in the tables of the Apps that many have; makes ``apps`` of ``sample``.

Only what the releases of these Apps for Nautobot 2.4 and for 3.x have in common.
"""

from __future__ import annotations

import datetime

import nautobot


def main() -> None:
    """Fill the tables of the Apps in the database that the environment names."""
    nautobot.setup()
    golden_config()
    lifecycle()
    synchronisation()


def golden_config() -> None:
    """Compliance of a few devices."""
    from nautobot.dcim.models import Device, Platform
    from nautobot_golden_config.models import ComplianceFeature, ComplianceRule, GoldenConfig

    platform = Platform.objects.order_by("name").first()
    for name in ("aaa", "bgp", "ntp"):
        feature = ComplianceFeature.objects.create(name=name, slug=name)
        ComplianceRule.objects.create(
            feature=feature,
            platform=platform,
            config_ordered=True,
            config_type="cli",
            match_config=f"{name} ",
        )
    for device in Device.objects.order_by("pk")[:3]:
        GoldenConfig.objects.create(
            device=device, backup_config="ntp server 192.0.2.1", intended_config="ntp server a"
        )


def lifecycle() -> None:
    """Hardware that ages, and who supports it."""
    from nautobot.dcim.models import DeviceType
    from nautobot_device_lifecycle_mgmt.models import ContractLCM, HardwareLCM, ProviderLCM

    end = datetime.date(2027, 1, 31)
    for device_type in DeviceType.objects.order_by("pk")[:3]:
        HardwareLCM.objects.create(device_type=device_type, end_of_support=end)
    provider = ProviderLCM.objects.create(name="Sample support")
    ContractLCM.objects.create(
        name="Sample contract", provider=provider, end=end, contract_type="Hardware", cost="12.50"
    )


def synchronisation() -> None:
    """One run of a synchronisation, with its log."""
    from nautobot_ssot.models import Sync, SyncLogEntry

    sync = Sync.objects.create(source="Sample", target="Nautobot", dry_run=True, diff={})
    SyncLogEntry.objects.create(sync=sync, action="create", status="success", message="made")


if __name__ == "__main__":
    main()
