"""A payment terminal that speaks nexo Sale to POI in the local dialect of Adyen's Terminal API."""
