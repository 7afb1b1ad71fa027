"""Pure functions from facts to findings, one file for each topic; the folder is the registry."""
