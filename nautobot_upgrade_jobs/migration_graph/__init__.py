"""The migration graph, schema drift and cost of migrations, as pure functions."""
