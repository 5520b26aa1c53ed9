"""Status, title and remedy of each refusal, in Chinese and English, by what it is about."""
