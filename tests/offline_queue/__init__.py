"""The journal, the bell and the power cut."""
