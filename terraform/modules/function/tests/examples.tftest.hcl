# The examples plan as they stand.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

# The mocks know the queue of the other tests.
override_resource {
  target = module.function.aws_sqs_queue.dead_letters
  values = {
    arn = "arn:aws:sqs:eu-west-1:000000000000:orders-echo-dlq"
    url = "https://sqs.eu-west-1.amazonaws.com/000000000000/orders-echo-dlq"
  }
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
    condition     = module.function.name == "orders-echo"
    error_message = "the minimal example must plan what it says"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.function.role_name == "orders-echo-euw1"
    error_message = "the complete example must plan what it says"
  }
}
