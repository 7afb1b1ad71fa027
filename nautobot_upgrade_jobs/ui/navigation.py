"""The entry in Nautobot's menu."""

from nautobot.apps.ui import NavMenuGroup, NavMenuItem, NavMenuTab

menu_items = (
    NavMenuTab(
        name="Apps",
        groups=(
            NavMenuGroup(
                name="Upgrade",
                items=(
                    NavMenuItem(
                        link="plugins:nautobot_upgrade_jobs:home",
                        name="Upgrade",
                        permissions=["extras.view_jobresult"],
                    ),
                ),
            ),
        ),
    ),
)
