"""The hub over HTTP: figures for programs, chunks of documents for objects, the console for people."""
