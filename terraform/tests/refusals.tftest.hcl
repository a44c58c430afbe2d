# What spans several modules and cannot work is refused while planning; the rest is tested with each module.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name   = "sluicegate"
  stage  = "v1"
  bundle = "./tests/fixtures/functions"
  public = true
  functions = {
    echo = {}
  }
}

run "refuses_a_name_that_makes_roles_too_long" {
  command = plan

  variables {
    name = "a-name-that-goes-on-and-on"
  }

  expect_failures = [var.name]
}

run "refuses_a_name_with_capitals" {
  command = plan

  variables {
    name = "Sluicegate"
  }

  expect_failures = [var.name]
}

run "refuses_a_function_key_that_names_no_crate" {
  command = plan

  variables {
    functions = { "my function" = {} }
  }

  expect_failures = [var.functions]
}

run "refuses_more_functions_than_consumers" {
  command = plan

  variables {
    functions = { for index in range(21) : "function-${index}" => {} }
  }

  expect_failures = [var.functions]
}

run "refuses_a_rate_that_the_stream_cannot_take" {
  command = plan

  variables {
    throttling = { rate_limit = 501 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_burst_that_the_stream_cannot_take" {
  command = plan

  variables {
    throttling = { rate_limit = 10, burst_limit = 5000 }
  }

  expect_failures = [var.throttling]
}

run "refuses_routes_that_the_stream_cannot_take" {
  command = plan

  variables {
    route_throttling = { "$default" = { rate_limit = 1, burst_limit = 1 } }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_rate_that_two_shards_cannot_take" {
  command = plan

  variables {
    throttling = { rate_limit = 1501 }
    stream     = { shard_count = 2 }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_rate_that_a_new_on_demand_stream_cannot_take" {
  command = plan

  variables {
    throttling = { rate_limit = 3501 }
    stream     = { mode = "ON_DEMAND" }
  }

  expect_failures = [var.throttling]
}

run "takes_what_two_shards_can_take" {
  command = plan

  variables {
    throttling       = { rate_limit = 1400 }
    route_throttling = { "$default" = { rate_limit = 50, burst_limit = 50 } }
    stream           = { shard_count = 2 }
  }

  assert {
    condition     = var.throttling.burst_limit == 500
    error_message = "the burst keeps its default"
  }
}

run "takes_more_where_clients_are_told" {
  command = plan

  variables {
    throttling       = { rate_limit = 5000, burst_limit = 5000 }
    acknowledgements = true
  }

  assert {
    condition     = output.rate_limit == 5000
    error_message = "with acknowledgements, a client learns what the stream refuses"
  }
}

run "refuses_a_key_that_no_policy_can_name" {
  command = plan

  variables {
    kms_key_arns = { queues = "alias/mine" }
  }

  expect_failures = [var.kms_key_arns]
}

run "refuses_an_account_that_is_no_account" {
  command = plan

  variables {
    allowed_account_ids = ["12345"]
  }

  expect_failures = [var.allowed_account_ids]
}

run "refuses_a_path_that_is_none" {
  command = plan

  variables {
    iam_path = "teams/"
  }

  expect_failures = [var.iam_path]
}

run "refuses_a_boundary_that_is_no_policy" {
  command = plan

  variables {
    permissions_boundary = "bounds"
  }

  expect_failures = [var.permissions_boundary]
}

run "refuses_a_pin_of_no_function" {
  command = plan

  variables {
    pinned_versions = { relay = "1" }
  }

  expect_failures = [var.pinned_versions]
}

run "refuses_a_pin_that_is_no_version" {
  command = plan

  variables {
    pinned_versions = { echo = "latest" }
  }

  expect_failures = [var.pinned_versions]
}
