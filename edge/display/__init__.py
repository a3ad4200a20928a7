"""The glass: what the shopper sees and touches; it decides nothing and knows no device."""
