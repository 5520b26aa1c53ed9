"""Alipay as a seller sees it from outside: trades, closings, refunds, repeated notices, daily bills."""
