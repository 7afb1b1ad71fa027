"""The checks, one file for each topic. The folder is the registry."""
