# The authorizer's function: its code, its role, and what is refused.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name         = "sluicegate-authorizer"
  bundle       = "../../tests/fixtures/functions"
  architecture = "x86_64"
  settings = {
    function           = "echo"
    memory_mb          = 128
    timeout_seconds    = 5
    environment        = { TOKENS = "{}" }
    log_level          = "INFO"
    log_retention_days = 14
  }
}

run "runs_the_zip_of_the_bundle_with_its_own_environment" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.function_name == "sluicegate-authorizer" &&
      aws_lambda_function.this.filename == "../../tests/fixtures/functions/echo.zip" &&
      aws_lambda_function.this.environment[0].variables == tomap({ TOKENS = "{}", TOKEN_FROM = "query" }) &&
      aws_lambda_function.this.timeout == 5
    )
    error_message = "the code must be the function's own zip, and its environment what the settings say"
  }
}

run "may_write_its_logs_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
    }]
    error_message = "an authorizer reads no stream and manages no connections"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "Lambda alone may act as the function"
  }
}

run "refuses_a_zip_that_is_not_there" {
  command = plan

  variables {
    bundle = "./nowhere"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_what_a_client_would_not_wait_for" {
  command = plan

  variables {
    settings = {
      function           = "echo"
      memory_mb          = 128
      timeout_seconds    = 30
      environment        = {}
      log_level          = "INFO"
      log_retention_days = 14
    }
  }

  expect_failures = [var.settings]
}

run "refuses_another_architecture_than_the_zip_was_built_for" {
  command = plan

  variables {
    bundle = "../../tests/fixtures/arm64"
  }

  expect_failures = [aws_lambda_function.this]
}

run "encrypts_its_logs_with_the_customer_key" {
  command = plan

  variables {
    logs_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/logs"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.logs_key_arn
    error_message = "the log group must have the key given"
  }
}

run "reads_a_token_from_the_one_place_that_is_named" {
  command = plan

  variables {
    settings = {
      function           = "echo"
      token_from         = "subprotocol"
      memory_mb          = 128
      timeout_seconds    = 5
      environment        = {}
      log_level          = "INFO"
      log_retention_days = 14
    }
  }

  assert {
    condition = (
      aws_lambda_function.this.environment[0].variables == tomap({ TOKEN_FROM = "subprotocol" }) &&
      jsonencode(output.identity_sources) == jsonencode(["route.request.header.Sec-WebSocket-Protocol"])
    )
    error_message = "the function and the gateway must look for the token in one place"
  }
}

run "looks_for_something_else_than_a_token" {
  command = plan

  variables {
    settings = {
      function           = "echo"
      identity_sources   = ["context.identity.sourceIp"]
      memory_mb          = 128
      timeout_seconds    = 5
      environment        = {}
      log_level          = "INFO"
      log_retention_days = 14
    }
  }

  assert {
    condition     = output.identity_sources == tolist(["context.identity.sourceIp"])
    error_message = "identity sources that are given must be used"
  }
}

run "refuses_a_second_place_for_the_token" {
  command = plan

  variables {
    settings = {
      function           = "echo"
      token_from         = "header"
      identity_sources   = ["route.request.header.X-Token"]
      memory_mb          = 128
      timeout_seconds    = 5
      environment        = {}
      log_level          = "INFO"
      log_retention_days = 14
    }
  }

  expect_failures = [var.settings]
}
