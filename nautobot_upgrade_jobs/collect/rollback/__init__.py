"""What only the Rollback Planner reads."""
