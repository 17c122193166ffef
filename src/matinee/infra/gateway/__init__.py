"""The one WebSocket of the product: sockets follow topics, rooms authorise, signals wake them."""
