"""``canbao policy``: packs and cases at the command line; decides nothing itself."""
