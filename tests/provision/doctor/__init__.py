"""The doctor: each fault is caused once, found by its code, and gone after its mend."""
