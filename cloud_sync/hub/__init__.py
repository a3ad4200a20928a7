"""The retailer's end of the line: takes journals in, keeps stock and money, gives documents out."""
