"""The revisions. A new database is made from `schema.py`; these bring an older one to the same."""
