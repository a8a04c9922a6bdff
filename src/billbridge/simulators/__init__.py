"""Simulators of HaloPSA and of the MBS API that answer over real HTTP.

They are written from the vendors' documents alone, share no code with the clients they judge, and need nothing
but the standard library.
"""
