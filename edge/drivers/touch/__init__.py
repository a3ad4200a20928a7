"""The drivers of panels and buttons that people touch."""
