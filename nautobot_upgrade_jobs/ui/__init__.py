"""Pages, panels and metrics of the App inside Nautobot."""
