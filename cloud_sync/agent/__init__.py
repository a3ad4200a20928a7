"""The object's end of the line: it sends what the journal holds, and brings receipts and documents."""
