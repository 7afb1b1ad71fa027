"""The App's REST interface; Nautobot looks for it here."""
