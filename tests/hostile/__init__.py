"""Whoever means us harm, at every door that takes bytes: docs/threats.md says what each of them finds."""
