"""WeChat Pay APIv3: verify, decrypt, parse, sign, reply. What it means for our books is decided elsewhere."""
