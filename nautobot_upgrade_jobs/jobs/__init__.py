"""The Nautobot Jobs, one file each."""
