"""The glass: its screens, its words, its server, and a real browser before it."""
