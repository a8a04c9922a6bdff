"""Pages about storage accounts: what lies on them, what a GB costs, and storage limits."""
