"""What both ends say: signatures, entries, batches, documents, topics."""
