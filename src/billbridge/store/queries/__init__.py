"""Reading for pages and reports: plain values of one provider, in few queries however many rows there are."""
