"""The retailer's page: the shop in figures, its objects, its last sales, and what needs a look."""
