"""Payments at the object: each attempt is durable before anybody hears of it, and is seen to its end."""
