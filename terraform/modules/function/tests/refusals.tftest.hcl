# What AWS would refuse of a function only at apply is refused while planning.

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

run "refuses_a_name_that_makes_the_role_too_long" {
  command = plan

  variables {
    name = "sluicegate-echo-with-a-name-that-goes-on-and-on-beyond-all"
  }

  expect_failures = [var.name]
}

run "refuses_a_queue_name_with_a_dot" {
  command = plan

  variables {
    dead_letter_queue_name = "sluicegate.fifo"
  }

  expect_failures = [var.dead_letter_queue_name]
}

run "refuses_a_queue_in_another_account" {
  command = plan

  override_data {
    target = data.aws_caller_identity.current
    values = {
      account_id = "111111111111"
    }
  }

  expect_failures = [aws_sqs_queue.dead_letters]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    architecture = "x86"
  }

  expect_failures = [var.architecture]
}

run "refuses_a_zip_that_is_not_there" {
  command = plan

  variables {
    package = "relay"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_memory_under_128_mb" {
  command = plan

  variables {
    settings = merge(var.settings, { memory_mb = 127 })
  }

  expect_failures = [var.settings]
}

run "refuses_memory_over_10240_mb" {
  command = plan

  variables {
    settings = merge(var.settings, { memory_mb = 10241 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_timeout_of_zero" {
  command = plan

  variables {
    settings = merge(var.settings, { timeout_seconds = 0 })
  }

  expect_failures = [var.settings]
}

run "refuses_a_timeout_over_900_seconds" {
  command = plan

  variables {
    settings = merge(var.settings, { timeout_seconds = 901 })
  }

  expect_failures = [var.settings]
}

run "refuses_an_unknown_connection_action" {
  command = plan

  variables {
    settings = merge(var.settings, { connection_actions = ["PUT"] })
  }

  expect_failures = [var.settings]
}

run "refuses_an_environment_key_of_lambda" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { AWS_REGION = "eu-west-1" } })
  }

  expect_failures = [var.settings]
}

run "refuses_an_environment_key_of_the_contract" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { SLUICEGATE_STAGE = "v2" } })
  }

  expect_failures = [var.settings]
}

run "refuses_an_environment_key_with_a_hyphen" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { MY-KEY = "x" } })
  }

  expect_failures = [var.settings]
}

run "refuses_an_environment_over_3_kb" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { LONG = format("%03100d", 0) } })
  }

  expect_failures = [var.settings]
}

run "refuses_a_negative_reservation" {
  command = plan

  variables {
    settings = merge(var.settings, { reserved_concurrency = -2 })
  }

  expect_failures = [var.settings]
}

run "refuses_an_unknown_log_level" {
  command = plan

  variables {
    settings = merge(var.settings, { log_level = "info" })
  }

  expect_failures = [var.settings]
}

run "refuses_a_retention_that_cloudwatch_lacks" {
  command = plan

  variables {
    settings = merge(var.settings, { log_retention_days = 10 })
  }

  expect_failures = [var.settings]
}

run "refuses_another_architecture_than_the_zips_were_built_for" {
  command = plan

  variables {
    bundle = "../../tests/fixtures/arm64"
  }

  expect_failures = [aws_lambda_function.this]
}

run "takes_the_architecture_that_the_zips_were_built_for" {
  command = plan

  variables {
    bundle       = "../../tests/fixtures/arm64"
    architecture = "arm64"
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "the function must run on the architecture it was built for"
  }
}

run "refuses_a_secret_that_is_a_value" {
  command = plan

  variables {
    settings = merge(var.settings, { secret_arns = { PASSWORD = "hunter2" } })
  }

  expect_failures = [var.settings]
}

run "refuses_a_secret_of_a_variable_that_is_there" {
  command = plan

  variables {
    settings = merge(var.settings, { environment = { A_B = "c" }, secret_arns = { A_B = "arn:aws:ssm:eu-west-1:000000000000:parameter/x" } })
  }

  expect_failures = [var.settings]
}

run "refuses_a_secret_under_a_key_of_the_contract" {
  command = plan

  variables {
    settings = merge(var.settings, { secret_arns = { SLUICEGATE_STAGE = "arn:aws:ssm:eu-west-1:000000000000:parameter/x" } })
  }

  expect_failures = [var.settings]
}

run "refuses_a_statement_without_resources" {
  command = plan

  variables {
    settings = merge(var.settings, { policy_statements = [{ actions = ["sqs:SendMessage"], resources = [] }] })
  }

  expect_failures = [var.settings]
}

run "refuses_a_statement_that_neither_allows_nor_denies" {
  command = plan

  variables {
    settings = merge(var.settings, { policy_statements = [{ effect = "Maybe", actions = ["sqs:*"], resources = ["*"] }] })
  }

  expect_failures = [var.settings]
}

run "refuses_more_managed_policies_than_a_role_has" {
  command = plan

  variables {
    settings = merge(var.settings, { managed_policy_arns = [for index in range(11) : "arn:aws:iam::aws:policy/p${index}"] })
  }

  expect_failures = [var.settings]
}

run "refuses_a_vpc_without_security_groups" {
  command = plan

  variables {
    settings = merge(var.settings, { vpc = { subnet_ids = ["subnet-1"], security_group_ids = [] } })
  }

  expect_failures = [var.settings]
}

run "refuses_more_than_five_layers" {
  command = plan

  variables {
    settings = merge(var.settings, { layers = [for index in range(6) : "arn:aws:lambda:eu-west-1:000000000000:layer:l:${index}"] })
  }

  expect_failures = [var.settings]
}

run "refuses_storage_under_512_mb" {
  command = plan

  variables {
    settings = merge(var.settings, { ephemeral_storage_mb = 511 })
  }

  expect_failures = [var.settings]
}
