"""The till: from what the shopper did to what is sold and written down; knows no hardware, no network."""
