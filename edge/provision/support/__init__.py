"""Support: what somebody far away needs to help with an object, and nothing that they must not have."""
