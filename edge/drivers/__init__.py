"""The drivers: from the bytes of a device to its readings; they know no shop."""
