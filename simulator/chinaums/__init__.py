"""ChinaUMS as a merchant sees it: codes, closings, refunds, notices that come more than once, a file for each day."""
