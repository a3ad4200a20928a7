"""What both ends of the line say: entries, batches, receipts, documents, topics, and how they are signed."""
