# Which version of the function is at work.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name                   = "sluicegate-echo"
  dead_letter_queue_name = "sluicegate-echo-dlq"
  bundle                 = "../../tests/fixtures/functions"
  package                = "echo"
  architecture           = "x86_64"
  stream = {
    arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    customer_key_arn = null
  }
  api = {
    id                   = "a1b2c3d4e5"
    stage                = "v1"
    stage_execution_arn  = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1"
    connections_endpoint = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
  }
  settings = {
    memory_mb                  = 128
    timeout_seconds            = 30
    routes                     = []
    lifecycle_events           = []
    connection_actions         = ["POST"]
    environment                = {}
    reserved_concurrency       = -1
    log_level                  = "INFO"
    log_retention_days         = 14
    batch_size                 = 16
    batching_window_seconds    = 0
    parallelization_factor     = 1
    bisect_on_error            = true
    maximum_retry_attempts     = 10
    maximum_record_age_seconds = -1
    starting_position          = "LATEST"
    enabled                    = true
  }
}

run "publishes_each_change_and_puts_it_to_work" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.current.name == "current" && aws_lambda_alias.current.function_version == "3"
    error_message = "the alias must lead to the newest version"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_name == aws_lambda_alias.current.arn
    error_message = "the mapping must invoke the alias"
  }

  assert {
    condition     = length(aws_lambda_alias.current.routing_config) == 0 && length(aws_lambda_provisioned_concurrency_config.this) == 0
    error_message = "one version gets every batch, and nothing is provisioned unasked"
  }
}

run "leaves_a_pinned_version_at_work" {
  command = plan

  variables {
    pinned_version = "2"
  }

  assert {
    condition     = aws_lambda_alias.current.function_version == "2" && output.published_version == "3"
    error_message = "a rollback must outlast a deployment"
  }
}

run "provisions_the_version_at_work" {
  command = plan

  variables {
    settings = merge(var.settings, { provisioned_concurrency = 2 })
  }

  assert {
    condition     = aws_lambda_provisioned_concurrency_config.this[0].qualifier == "current" && aws_lambda_provisioned_concurrency_config.this[0].provisioned_concurrent_executions == 2
    error_message = "provisioned concurrency must be the alias's"
  }
}

run "publishes_the_metrics_of_its_mapping_where_asked" {
  command = plan

  variables {
    mapping_metrics = true
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.metrics_config[0].metrics == toset(["EventCount"])
    error_message = "the mapping must publish what alarms watch"
  }
}

run "refuses_more_provisioned_than_reserved" {
  command = plan

  variables {
    settings = merge(var.settings, { reserved_concurrency = 1, provisioned_concurrency = 2 })
  }

  expect_failures = [var.settings]
}
