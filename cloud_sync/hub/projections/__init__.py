"""What the journals mean: sales, stock and money, folded from entries and made again whenever wanted."""
