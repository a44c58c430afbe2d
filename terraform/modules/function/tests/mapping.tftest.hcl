# The function's subscription: its consumer, its event source mapping with every setting, and its filters.

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

run "subscribes_with_its_own_consumer" {
  command = plan

  assert {
    condition     = aws_kinesis_stream_consumer.this.name == "sluicegate-echo" && aws_kinesis_stream_consumer.this.stream_arn == var.stream.arn
    error_message = "the consumer must be named after the function"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.event_source_arn == aws_kinesis_stream_consumer.this.arn
    error_message = "the mapping must read from the consumer, not from the stream"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "the function must be able to report which record failed"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.destination_config[0].on_failure[0].destination_arn == "arn:aws:sqs:eu-west-1:000000000000:sluicegate-echo-dlq"
    error_message = "what the mapping gives up on must go to the dead-letter queue"
  }
}

run "passes_on_every_setting" {
  command = plan

  variables {
    settings = merge(var.settings, {
      batch_size                  = 100
      batching_window_seconds     = 2
      parallelization_factor      = 3
      bisect_on_error             = false
      maximum_retry_attempts      = 4
      maximum_record_age_seconds  = 3600
      starting_position           = "AT_TIMESTAMP"
      starting_position_timestamp = "2026-01-31T12:00:00Z"
      enabled                     = false
    })
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.batch_size == 100 &&
      aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 2 &&
      aws_lambda_event_source_mapping.this.parallelization_factor == 3
    )
    error_message = "batching must be that of the settings"
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.bisect_batch_on_function_error == false &&
      aws_lambda_event_source_mapping.this.maximum_retry_attempts == 4 &&
      aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds == 3600
    )
    error_message = "retries must be those of the settings"
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.starting_position == "AT_TIMESTAMP" &&
      aws_lambda_event_source_mapping.this.starting_position_timestamp == "2026-01-31T12:00:00Z" &&
      aws_lambda_event_source_mapping.this.enabled == false
    )
    error_message = "the starting position must be that of the settings"
  }
}

run "sees_every_event_without_routes" {
  command = plan

  variables {
    settings = merge(var.settings, { lifecycle_events = ["CONNECT"] })
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.this.filter_criteria) == 0
    error_message = "a function without routes has no filter"
  }
}

run "sees_the_events_of_its_routes" {
  command = plan

  variables {
    settings = merge(var.settings, { routes = ["relay", "chat.send"] })
  }

  assert {
    condition = (
      [for filter in aws_lambda_event_source_mapping.this.filter_criteria[0].filter : filter.pattern] ==
      ["{\"data\":{\"routeKey\":[\"relay\",\"chat.send\"]}}"]
    )
    error_message = "the one filter must be on the function's route keys"
  }
}

run "sees_lifecycle_events_beside_its_routes" {
  command = plan

  variables {
    settings = merge(var.settings, { routes = ["relay"], lifecycle_events = ["CONNECT", "DISCONNECT"] })
  }

  assert {
    condition = (
      toset([for filter in aws_lambda_event_source_mapping.this.filter_criteria[0].filter : filter.pattern]) ==
      toset(["{\"data\":{\"routeKey\":[\"relay\"]}}", "{\"data\":{\"eventType\":[\"CONNECT\",\"DISCONNECT\"]}}"])
    )
    error_message = "an event passes by its route key or by its event type"
  }
}
