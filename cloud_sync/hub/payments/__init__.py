"""The providers that only the hub can reach, each with its secrets: Stripe's readers, WeChat Pay, Alipay."""
