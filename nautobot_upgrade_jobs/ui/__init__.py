"""What the App shows inside Nautobot: pages, the panel on a run's result, metrics."""
