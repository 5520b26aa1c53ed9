"""An installation's settings by subject; `shared.settings` puts them together."""
