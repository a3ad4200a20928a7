"""Many objects at once: their claims as a sheet for people, and as cloud-init for boards."""
