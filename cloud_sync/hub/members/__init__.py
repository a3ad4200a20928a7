"""Members of the shop: their wallets and gift cards, and what of them is lent to objects."""
