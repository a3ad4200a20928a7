"""Orders from the shop to its objects: signed, and told until they are obeyed or void."""
