"""The far side of every cable: devices, networks and shoppers that speak as the real ones do."""
