"""The till, its books and its back room, on a real journal."""
