"""Changes of what people are priced by: a roster, the day, the policy. They queue the people to price again."""
