"""Who may enrol, what each owes, who pays the rest, when cover begins: packs as data, decisions as pure functions."""
