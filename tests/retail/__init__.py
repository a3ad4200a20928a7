"""What a shop knows: numbers, prices, taxes, stock rights."""
