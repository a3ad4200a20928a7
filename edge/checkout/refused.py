"""The one word for a document that nobody may work by."""


class DocumentRefusedError(ValueError):
    """A document that nobody may work by: not signed by the retailer, older, damaged, or wrong in itself."""
