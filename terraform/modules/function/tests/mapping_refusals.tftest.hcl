# What AWS would refuse of a mapping only at apply is refused while planning.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name                   = "sluicegate-echo"
  dead_letter_queue_name = "sluicegate-echo-dlq"
  bundle                 = "../../tests/fixtures/functions"
  package                = "echo"
  architecture           = "x86_64"
  stream = {
    arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    customer_key_arn = null
  }
  api = {
    id                   = "a1b2c3d4e5"
    stage                = "v1"
    stage_execution_arn  = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1"
    connections_endpoint = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
  }
  settings = {
    memory_mb                  = 128
    timeout_seconds            = 30
    routes                     = []
    lifecycle_events           = []
    connection_actions         = ["POST"]
    environment                = {}
    reserved_concurrency       = -1
    log_level                  = "INFO"
    log_retention_days         = 14
    batch_size                 = 16
    batching_window_seconds    = 0
    parallelization_factor     = 1
    bisect_on_error            = true
    maximum_retry_attempts     = 10
    maximum_record_age_seconds = -1
    starting_position          = "LATEST"
    enabled                    = true
  }
}

run "refuses_more_routes_than_a_filter_holds" {
  command = plan

  variables {
    settings = merge(var.settings, { routes = [for index in range(400) : "route-${index}"] })
  }

  expect_failures = [var.settings]
}

run "refuses_an_unknown_lifecycle_event" {
  command = plan

  variables {
    settings = merge(var.settings, { lifecycle_events = ["MESSAGE"] })
  }

  expect_failures = [var.settings]
}

run "refuses_an_empty_batch" {
  command = plan

  variables {
    settings = merge(var.settings, { batch_size = 0 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_batch_over_10000" {
  command = plan

  variables {
    settings = merge(var.settings, { batch_size = 20000 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_window_over_300_seconds" {
  command = plan

  variables {
    settings = merge(var.settings, { batching_window_seconds = 301 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_parallelization_factor_over_10" {
  command = plan

  variables {
    settings = merge(var.settings, { parallelization_factor = 11 })
  }

  expect_failures = [var.settings]
}

run "refuses_retries_over_10000" {
  command = plan

  variables {
    settings = merge(var.settings, { maximum_retry_attempts = 10001 })
  }

  expect_failures = [var.settings]
}

run "refuses_retries_under_minus_one" {
  command = plan

  variables {
    settings = merge(var.settings, { maximum_retry_attempts = -2 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_record_age_under_60_seconds" {
  command = plan

  variables {
    settings = merge(var.settings, { maximum_record_age_seconds = 30 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_record_age_over_a_week" {
  command = plan

  variables {
    settings = merge(var.settings, { maximum_record_age_seconds = 604801 })
  }

  expect_failures = [var.settings]
}

run "refuses_an_unknown_starting_position" {
  command = plan

  variables {
    settings = merge(var.settings, { starting_position = "EARLIEST" })
  }

  expect_failures = [var.settings]
}

run "refuses_at_timestamp_without_a_timestamp" {
  command = plan

  variables {
    settings = merge(var.settings, { starting_position = "AT_TIMESTAMP" })
  }

  expect_failures = [var.settings]
}

run "refuses_a_timestamp_without_at_timestamp" {
  command = plan

  variables {
    settings = merge(var.settings, { starting_position_timestamp = "2026-01-31T12:00:00Z" })
  }

  expect_failures = [var.settings]
}

run "refuses_a_timestamp_that_is_none" {
  command = plan

  variables {
    settings = merge(var.settings, { starting_position = "AT_TIMESTAMP", starting_position_timestamp = "yesterday" })
  }

  expect_failures = [var.settings]
}
