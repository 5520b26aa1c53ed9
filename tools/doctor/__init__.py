"""The doctor: looks at an installation from outside, up or down, and says what is wrong and what mends it."""
