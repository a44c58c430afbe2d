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
    condition     = module.authorizer.name == "orders-authorizer"
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.authorizer.role_name == "orders-authorizer-euw1"
    error_message = "the complete example must plan what it says"
  }
}
