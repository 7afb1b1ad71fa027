"""The migration graph, schema drift and cost; pure."""
