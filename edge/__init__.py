"""The object: from the bytes of its sensors to the entry in its journal and the words on its glass."""
