"""The beginning of a driver for terminals that speak nexo as Adyen's do: a codec that nobody uses yet.

What stands here was checked against the published ciphertext, the published schemas and examples, and a
simulated terminal that shares no code with it. No real terminal has been asked. It has no session, port or
profile: what a till does when an answer is Unclear is still to be written.
"""
