"""What objects ask of the hub outside of their journals: the time, a certificate, a payment at a provider."""
