# The examples plan as they stand.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  bundle = "../../tests/fixtures/functions"
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = module.connect.name == "orders-connect"
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.connect.role_name == "orders-connect-euw1"
    error_message = "the complete example must plan what it says"
  }
}
