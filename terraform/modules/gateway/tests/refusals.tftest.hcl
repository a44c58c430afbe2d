# What AWS would refuse only at apply is refused while planning.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name  = "sluicegate"
  stage = "v1"
  stream = {
    name             = "sluicegate-events"
    arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    customer_key_arn = null
  }
  throttling = {
    rate_limit  = 500
    burst_limit = 500
  }
}

run "refuses_a_name_that_makes_a_role_too_long" {
  command = plan

  variables {
    name = format("%049d", 0)
  }

  expect_failures = [var.name]
}

run "refuses_the_stage_of_http_apis" {
  command = plan

  variables {
    stage = "$default"
  }

  expect_failures = [var.stage]
}

run "refuses_a_stage_with_a_slash" {
  command = plan

  variables {
    stage = "v1/beta"
  }

  expect_failures = [var.stage]
}

run "refuses_a_route_key_that_begins_with_a_dollar" {
  command = plan

  variables {
    routes = ["$connect"]
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_key_that_would_break_the_event" {
  command = plan

  variables {
    routes = ["a\"b"]
  }

  expect_failures = [var.routes]
}

run "refuses_an_empty_route_key" {
  command = plan

  variables {
    routes = [""]
  }

  expect_failures = [var.routes]
}

run "refuses_more_routes_than_an_api_holds" {
  command = plan

  variables {
    routes = [for index in range(298) : "route-${index}"]
  }

  expect_failures = [var.routes]
}

run "refuses_an_unknown_lifecycle_event" {
  command = plan

  variables {
    lifecycle_events = ["MESSAGE"]
  }

  expect_failures = [var.lifecycle_events]
}

run "refuses_a_schema_that_is_not_json" {
  command = plan

  variables {
    route_schemas = { "$default" = "type: object" }
  }

  expect_failures = [var.route_schemas]
}

run "refuses_a_schema_that_is_no_object" {
  command = plan

  variables {
    route_schemas = { "$default" = "[]" }
  }

  expect_failures = [var.route_schemas]
}

run "refuses_a_schema_over_32768_characters" {
  command = plan

  variables {
    route_schemas = { "$default" = jsonencode({ title = format("%032768d", 0) }) }
  }

  expect_failures = [var.route_schemas]
}

run "refuses_a_schema_of_a_route_that_is_not_there" {
  command = plan

  variables {
    route_schemas = { relay = "{}" }
  }

  expect_failures = [var.route_schemas]
}

run "refuses_a_rate_of_zero" {
  command = plan

  variables {
    throttling = { rate_limit = 0, burst_limit = 500 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_rate_over_the_quota" {
  command = plan

  variables {
    throttling = { rate_limit = 10001, burst_limit = 500 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_burst_over_the_quota" {
  command = plan

  variables {
    throttling = { rate_limit = 500, burst_limit = 5001 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_burst_of_zero" {
  command = plan

  variables {
    throttling = { rate_limit = 500, burst_limit = 0 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_bucket_of_a_route_that_is_not_there" {
  command = plan

  variables {
    route_throttling = { relay = { rate_limit = 1, burst_limit = 1 } }
  }

  expect_failures = [var.route_throttling]
}

run "refuses_a_route_without_a_burst" {
  command = plan

  variables {
    route_throttling = { "$default" = { rate_limit = 1, burst_limit = 0 } }
  }

  expect_failures = [var.route_throttling]
}

run "refuses_an_unknown_logging_mode" {
  command = plan

  variables {
    logging = "on"
  }

  expect_failures = [var.logging]
}

run "refuses_data_trace_without_logs" {
  command = plan

  variables {
    data_trace = true
  }

  expect_failures = [var.data_trace]
}

run "refuses_a_retention_that_cloudwatch_lacks" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_domain_with_a_scheme" {
  command = plan

  variables {
    domain = { name = "wss://ws.example.com", certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd", mapping_key = "" }
  }

  expect_failures = [var.domain]
}

run "refuses_a_certificate_that_is_no_arn" {
  command = plan

  variables {
    domain = { name = "ws.example.com", certificate_arn = "1234abcd", mapping_key = "" }
  }

  expect_failures = [var.domain]
}

run "refuses_a_mapping_key_that_begins_with_a_slash" {
  command = plan

  variables {
    domain = { name = "ws.example.com", certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd", mapping_key = "/events" }
  }

  expect_failures = [var.domain]
}
