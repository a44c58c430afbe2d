# A stage that a domain points at is renamed: the mapping is replaced with it, since AWS deletes no mapped stage.

mock_provider "aws" {
  source = "../../tests/mocks"
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
  domain = {
    name            = "ws.example.com"
    certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/1234abcd"
  }
}

run "maps_the_domain_to_the_stage" {
  command = apply

  assert {
    condition     = output.domain_mapping_id != null
    error_message = "the domain must be mapped"
  }
}

run "keeps_the_mapping_while_the_stage_stays" {
  command = apply

  variables {
    throttling = { rate_limit = 400, burst_limit = 100 }
  }

  assert {
    condition     = output.domain_mapping_id == run.maps_the_domain_to_the_stage.domain_mapping_id
    error_message = "a change of the stage alone must not interrupt the domain"
  }
}

run "replaces_the_mapping_with_its_stage" {
  command = apply

  variables {
    stage = "v2"
  }

  assert {
    condition     = output.domain_mapping_id != run.maps_the_domain_to_the_stage.domain_mapping_id
    error_message = "the mapping must be gone before the old stage is deleted"
  }
}
