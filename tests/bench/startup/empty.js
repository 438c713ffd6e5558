// Launch to exit of nothing.
