# The function, its environment to the letter, its logs and its dead-letter queue.

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

run "runs_the_zip_of_the_bundle" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.filename == "../../tests/fixtures/functions/echo.zip"
    error_message = "the code must be the function's own zip in the bundle"
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("../../tests/fixtures/functions/echo.zip")
    error_message = "a new zip must be a new deployment of the function"
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.handler == "bootstrap"
    error_message = "the function must run its own bootstrap"
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["x86_64"])
    error_message = "the function must run on the architecture it was built for"
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 128 && aws_lambda_function.this.timeout == 30 && aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "memory, timeout and reserved concurrency must be those of the settings"
  }
}

run "has_exactly_the_environment_of_the_contract" {
  command = plan

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      SLUICEGATE_CONNECTIONS_ENDPOINT  = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
      SLUICEGATE_API_ID                = "a1b2c3d4e5"
      SLUICEGATE_STAGE                 = "v1"
      SLUICEGATE_DEAD_LETTER_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/sluicegate-echo-dlq"
    })
    error_message = "the environment must be the contract, no more and no less"
  }
}

run "adds_the_environment_that_the_settings_name" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { GREETING = "hello" } })
  }

  assert {
    condition     = length(aws_lambda_function.this.environment[0].variables) == 5 && aws_lambda_function.this.environment[0].variables["GREETING"] == "hello"
    error_message = "the environment must be the contract and what the settings add"
  }
}

run "logs_json_to_its_own_group" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/lambda/sluicegate-echo" &&
      aws_cloudwatch_log_group.this.retention_in_days == 14
    )
    error_message = "the log group must be the function's own, with the retention of the settings"
  }

  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/sluicegate-echo" &&
      aws_lambda_function.this.logging_config[0].log_format == "JSON" &&
      aws_lambda_function.this.logging_config[0].application_log_level == "INFO"
    )
    error_message = "the function must log JSON to that group at the level of the settings"
  }
}

run "keeps_faults_for_the_longest_time" {
  command = plan

  assert {
    condition = (
      aws_sqs_queue.dead_letters.name == "sluicegate-echo-dlq" &&
      aws_sqs_queue.dead_letters.message_retention_seconds == 1209600 &&
      aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    )
    error_message = "the dead-letter queue must keep encrypted messages for 14 days"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.dead_letters.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:eu-west-1:000000000000:sluicegate-echo-dlq"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    }
    error_message = "the dead-letter queue must refuse calls without TLS, and allow nobody anything"
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == null && aws_cloudwatch_log_group.this.kms_key_id == null
    error_message = "queue and logs have AWS's own keys where no other is given"
  }
}

run "encrypts_queue_and_logs_with_customer_keys" {
  command = plan

  variables {
    queue_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/queues"
    logs_key_arn  = "arn:aws:kms:eu-west-1:000000000000:key/logs"
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == var.queue_key_arn && aws_cloudwatch_log_group.this.kms_key_id == var.logs_key_arn
    error_message = "queue and logs must have the keys given"
  }
}
