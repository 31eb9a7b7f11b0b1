"""Finding one's way: the entries of every post, what waits behind them, and one search for everything."""
