"""Channel callbacks: checked, made durable together with others in one commit, then answered. Crediting comes later."""
