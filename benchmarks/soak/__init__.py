"""Long trials of auto-billing with real processes: kills at random moments, and a month of days."""
