"""Lightning: invoices of BOLT 11, read, checked against their signature, and written."""
