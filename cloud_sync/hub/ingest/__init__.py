"""Where journals come in: a batch is judged, kept, and answered with a receipt."""
