"""The QR codes of EMVCo: presented by the merchant, or by the consumer."""
