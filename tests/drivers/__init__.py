"""Drivers and transports: bytes, ptys and sockets."""
