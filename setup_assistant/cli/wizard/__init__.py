"""The wizard: the questions and what happens behind them."""
