"""What a code or a tag says about the goods that bear it: GTIN, serial, or a reason why not."""
