"""The workflows that Jobs and commands run."""
