"""Bytes of strangers for every driver: a short form for the suite, one without end for a machine at night."""
