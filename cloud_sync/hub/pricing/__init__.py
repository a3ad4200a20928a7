"""Sales are priced again at the hub, by the books that they name: what comes out otherwise is found."""
