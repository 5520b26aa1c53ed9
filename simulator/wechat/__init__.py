"""WeChat Pay as a merchant sees it from outside: orders, closings, refunds, and notices that come more than once."""
