"""The tax pending account as its bank reports it: statements, deposits matched to slips, settlements of channels."""
