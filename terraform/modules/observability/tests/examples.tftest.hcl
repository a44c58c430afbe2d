# The examples plan as they stand.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = contains(module.observability.alarm_names, "orders-echo-errors")
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = contains(output.observability.alarm_names, "orders-book-errors") && endswith(output.observability.dashboard_url, "/orders-eu-west-1")
    error_message = "the complete example must plan what it says"
  }
}
