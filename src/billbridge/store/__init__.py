"""The store: the Django app that keeps everything, each row scoped to its provider.

It holds models, their migrations, the vault for secrets and the limiter's log. It decides nothing about
billing, and it opens no transaction of its own: the operations do. Only the limiter and the run lock keep
their own, because other processes must see at once what they write.
"""
