# The API is deployed anew when something it serves changed, and only then.

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

run "deploys_by_the_hash_alone" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers == tomap({ configuration = output.configuration_hash })
    error_message = "a deployment must be triggered by configuration values alone"
  }
}

run "deploys_anew_for_a_route" {
  command = plan

  variables {
    routes = ["relay"]
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_a_schema" {
  command = plan

  variables {
    route_schemas = { "$default" = "{\"type\":\"object\"}" }
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_acknowledgements" {
  command = plan

  variables {
    acknowledgements = true
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_a_lifecycle_event" {
  command = plan

  variables {
    lifecycle_events = ["DISCONNECT"]
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_the_connect_integration" {
  command = plan

  variables {
    lifecycle_events = ["CONNECT"]
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_the_stream" {
  command = plan

  variables {
    stream = merge(var.stream, { name = "other-events" })
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_anew_for_the_role" {
  command = plan

  variables {
    name = "other"
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "what clients are served changes, so the API must be deployed anew"
  }
}

run "deploys_nothing_for_throttling" {
  command = plan

  variables {
    throttling = { rate_limit = 900, burst_limit = 100 }
  }

  assert {
    condition     = output.configuration_hash == run.deploys_by_the_hash_alone.configuration_hash
    error_message = "the deployment serves nothing else, so it must stay"
  }
}

run "deploys_nothing_for_the_stage" {
  command = plan

  variables {
    stage = "v2"
  }

  assert {
    condition     = output.configuration_hash == run.deploys_by_the_hash_alone.configuration_hash
    error_message = "the deployment serves nothing else, so it must stay"
  }
}

run "deploys_nothing_for_logging" {
  command = plan

  variables {
    logging = "existing_role"
  }

  assert {
    condition     = output.configuration_hash == run.deploys_by_the_hash_alone.configuration_hash
    error_message = "the deployment serves nothing else, so it must stay"
  }
}

run "deploys_nothing_for_a_domain" {
  command = plan

  variables {
    domain = { name = "ws.example.com", certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd" }
  }

  assert {
    condition     = output.configuration_hash == run.deploys_by_the_hash_alone.configuration_hash
    error_message = "the deployment serves nothing else, so it must stay"
  }
}

run "hashes_two_routes" {
  command = plan

  variables {
    routes        = ["a", "b"]
    route_schemas = { a = "{\"type\":\"object\"}" }
  }
}

run "deploys_nothing_for_order_and_white_space" {
  command = plan

  variables {
    routes        = ["b", "a", "b"]
    route_schemas = { a = "{ \"type\": \"object\" }" }
  }

  assert {
    condition     = output.configuration_hash == run.hashes_two_routes.configuration_hash
    error_message = "the same routes in another order are the same API"
  }
}

run "deploys_anew_for_another_schema" {
  command = plan

  variables {
    routes        = ["a", "b"]
    route_schemas = { a = "{\"type\":\"array\"}" }
  }

  assert {
    condition     = output.configuration_hash != run.hashes_two_routes.configuration_hash
    error_message = "what clients may send changes, so the API must be deployed anew"
  }
}

run "deploys_anew_when_the_default_endpoint_is_disabled" {
  command = plan

  variables {
    domain = { name = "ws.example.com", certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd", disable_default_endpoint = true }
  }

  assert {
    condition     = output.configuration_hash != run.deploys_by_the_hash_alone.configuration_hash
    error_message = "AWS turns the endpoint off with the next deployment only"
  }
}
