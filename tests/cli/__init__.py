"""What the command line decodes."""
