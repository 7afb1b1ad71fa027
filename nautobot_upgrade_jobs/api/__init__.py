"""The App's REST interface; Nautobot imports it from this package."""
