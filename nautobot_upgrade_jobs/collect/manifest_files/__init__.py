"""Readers of manifests, one for each format. Pure functions of parsed YAML."""
