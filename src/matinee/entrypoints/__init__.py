"""Programs: api, worker and the command. Nobody imports them."""
