stream = { mode = "ON_DEMAND" }
mapping_metrics = false
