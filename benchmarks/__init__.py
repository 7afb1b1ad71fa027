"""Side-by-side measurements; each is run with `make bench`."""
