"""Pages about companies: their list, one company tab by tab, and forms for what holds for it alone."""
