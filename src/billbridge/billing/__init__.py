"""The pure core: usage in, priced bills and a plan of changes out.

Nothing here knows Django, HTTP, files, the clock or chance: the business day, the time zone and every
setting come in as arguments, and every function returns new immutable values. It imports the standard
library only.
"""
