"""The bindery: makes a signed price book into a file that is read page by page; it knows no shop."""
