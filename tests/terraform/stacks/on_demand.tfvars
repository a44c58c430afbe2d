stream = { mode = "ON_DEMAND" }
