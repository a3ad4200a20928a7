"""From what devices say to what the shopper did: pure, with time handed in; knows no money."""
