"""What `console_pages.py` measures with: a year of data, the pages there are, and the forms that are saved."""
