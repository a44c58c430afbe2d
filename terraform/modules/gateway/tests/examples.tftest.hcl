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
    condition     = output.websocket_uri == "wss://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.websocket_uri == "wss://ws.example.com/orders"
    error_message = "the complete example must plan what it says"
  }
}
