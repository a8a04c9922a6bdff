"""Telling people: a message as a mail or as a call of a webhook, and words for why it did not arrive.

It is given everything it sends, and whom to send it to. Which notices there are, who is told of them and how often
it is tried is not decided here; neither Django nor the store comes in.
"""
