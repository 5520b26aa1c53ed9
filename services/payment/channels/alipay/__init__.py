"""Alipay (支付宝), domestic: verify, parse, sign, ask. What it means for our books is decided elsewhere."""
