"""How Nautobot is deployed: seen, stated by the settings, or assumed. Pure functions."""
