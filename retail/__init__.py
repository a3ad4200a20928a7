"""What a shop knows: goods, prices, taxes, stock rights; pure, and used by object and hub alike."""
