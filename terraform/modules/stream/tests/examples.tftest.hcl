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
    condition     = module.stream.name == "orders-events"
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.stream.customer_key_arn == "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    error_message = "the complete example must plan what it says"
  }
}
