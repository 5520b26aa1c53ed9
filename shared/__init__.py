"""What every service of canbao stands on."""
