"""The Management Console in the browser: a folder per area with its views, forms, addresses and templates."""
