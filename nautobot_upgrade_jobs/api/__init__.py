"""The App's REST interface. Nautobot imports the module ``urls`` of this package."""
